//! The HTTP API, server-sent events and the embedded web pages
