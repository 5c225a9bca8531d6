"""What is wrong with the values of a call: where they are, what stands there, which products they are made of."""
