"""What several commands ask, one module for each data set: the question, and how an answer to it is read."""
