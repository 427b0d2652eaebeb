"""What does not hold where nothing is counted, as in a free-threaded interpreter; see gradarray/references.py."""

import pytest

from gradarray.kernels import references

counted = pytest.mark.skipif(not references.COUNTED, reason="this interpreter counts nothing, so that more is copied")
