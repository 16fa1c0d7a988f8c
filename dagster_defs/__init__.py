"""Order and visibility only: which step comes after which, and what a person sees of it."""
