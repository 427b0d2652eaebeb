"""The arrays that write down what is done to them."""
