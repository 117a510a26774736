//! The pages that need no LLM.

mod architecture;
mod book;
mod commands;
mod configuration;
mod constants;
mod data;
mod dependencies;
mod doors;
mod interfaces;
mod module;
mod names;
mod overview;
mod relations;
mod size;
mod start;

use super::options::DocumentOptions;
use super::survey::Survey;
use super::{DocumentError, check_pages};
use crate::domain::{FileReading, Page};
use crate::knowledge::KnowledgeBase;

use book::Book;

/// Makes all pages from static facts: overview, architecture, one per module, data model, interfaces,
/// configuration and how to start. A page that would say nothing is left out.
///
/// The pages come in reading order. The same knowledge base and readings give the same pages.
pub fn static_pages(
    kb: &KnowledgeBase,
    readings: &[FileReading],
    options: &DocumentOptions,
) -> Result<Vec<Page>, DocumentError> {
    let survey = Survey::load(kb, readings)?;
    let book = Book::new(&survey, options.language);
    let mut pages = vec![overview::page(&book)];
    pages.extend(start::page(&book));
    pages.extend(architecture::page(&book));
    pages.extend(module::pages(&book));
    pages.extend(data::page(&book));
    pages.extend(interfaces::page(&book));
    pages.extend(configuration::page(&book));
    // Places are right by construction; the check fills in symbols and keeps the promise.
    let report = check_pages(kb, &mut pages)?;
    for problem in report.problems {
        tracing::warn!(page = problem.slug, "a claim was taken out: {}", problem.message);
    }
    Ok(pages)
}
