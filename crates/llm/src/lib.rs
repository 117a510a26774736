//! A client for OpenAI-compatible providers that fills their limits and never passes them
