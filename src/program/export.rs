//! Programs as files for other solvers.
