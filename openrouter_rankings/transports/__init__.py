"""Everything between the client and the wire: each takes a request and returns a response."""
