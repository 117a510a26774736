//! What lasts and is shared: analyses, items, pages, usage and the object store
