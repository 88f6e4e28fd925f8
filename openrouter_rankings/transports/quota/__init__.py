"""The quota: no more requests a minute and a day than the service allows."""
