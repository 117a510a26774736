//! A local OpenAI-compatible provider that enforces limits and injects faults, for tests and demos
