//! Repositories that the user's `git` fetches, for a stranger: no hooks, no prompts, no way to private hosts.

mod address;
mod clone;
mod process;
mod url;

pub(super) use clone::clone;
pub(super) use url::{GitUrl, check_reference, file_url, repository_name};
