//! The solver behind one door.
