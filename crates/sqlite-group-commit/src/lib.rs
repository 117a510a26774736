//! One writer thread per SQLite file that commits together what arrived together
