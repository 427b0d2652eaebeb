"""Batch: many arrays of one shape as one, so that a Jacobian's rows come from one sweep."""
