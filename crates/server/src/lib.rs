//! The HTTP API, server-sent events and the embedded web pages.
//!
//! Handlers only translate: a request becomes a call of [`analysis::Analyses`], its answer JSON, its
//! error a problem document (`problem.rs`). Nothing heavy runs here: the worker is another process,
//! and reads of a knowledge base happen on blocking threads.

mod assets;
mod docs;
mod extract;
mod guard;
mod linger;
mod metrics;
mod problem;
mod refusals;
mod router;
mod routes;
mod serving;
mod state;

pub use problem::Problem;
pub use router::{openapi, router};
pub use serving::serve;
pub use state::ServerSettings;
