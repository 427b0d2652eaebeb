"""Functions of functions: gradients, products, Jacobians, Hessians, and derivatives that a user writes."""
