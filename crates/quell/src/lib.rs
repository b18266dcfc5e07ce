//! quell
