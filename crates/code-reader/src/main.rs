//! Reads a whole source repository for you

fn main() {}
