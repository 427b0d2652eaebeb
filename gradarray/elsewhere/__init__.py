"""What other libraries call things, and what to write here instead: looked up when a name is missing.

Nothing of gradarray is known here but its public names, in strings. So each room may ask, since all stand on this one.
"""
