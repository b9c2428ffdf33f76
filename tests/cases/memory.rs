//! Nothing large on the stack.
