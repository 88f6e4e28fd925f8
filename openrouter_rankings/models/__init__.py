"""What the service answers, as frozen values: one module per data set."""
