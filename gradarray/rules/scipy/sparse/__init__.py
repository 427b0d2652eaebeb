"""The derivatives of scipy.sparse: of products and solutions, by what is dense, and by the data of a matrix."""
