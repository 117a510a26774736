//! The weight of every file: PageRank over who uses whom.

use super::{
    resolve::Resolved,
    tree::{FileId, Tree},
};
use crate::{domain::EdgeKind, facts::ImportTime, scan::FileRole};

const DAMPING: f64 = 0.85;
const ROUNDS: usize = 50;
/// A file that imports only one other hands it no more than a quarter of its rank: else what stands at the end of a
/// chain, or in a circle, would gather all of it.
const KEPT: f64 = 3.0;

/// The ranks of all files, in their order; they add up to 1 unless there is no file that counts.
///
/// Imports at load weigh most; imports for types or inside functions, and uses without an import, weigh less.
/// Tests, examples and documentation add little to what they use and have little weight of their own. The
/// order of all sums is fixed, so the same files give the same bits.
pub(crate) fn ranks(tree: &Tree, resolved: &Resolved) -> Vec<f64> {
    let own: Vec<f64> = tree.ids().map(|id| own_weight(tree, id)).collect();
    let total: f64 = own.iter().sum();
    if total <= 0.0 {
        return vec![0.0; own.len()];
    }
    let start: Vec<f64> = own.iter().map(|weight| weight / total).collect();
    let edges = edges(tree, resolved);
    let mut out = vec![0.0; own.len()];
    for (from, _, weight) in &edges {
        out[*from] += weight;
    }
    let mut ranks = start.clone();
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; ranks.len()];
        for (from, to, weight) in &edges {
            next[*to] += ranks[*from] * weight / (out[*from] + KEPT);
        }
        // A file that uses little keeps the rest, which is spread over all: so do files that use nothing.
        let passed: f64 = next.iter().sum();
        for (next, start) in next.iter_mut().zip(&start) {
            *next = DAMPING * (*next + (1.0 - passed) * start) + (1.0 - DAMPING) * start;
        }
        ranks = next;
    }
    let total: f64 = ranks.iter().sum();
    ranks.iter().map(|rank| rank / total).collect()
}

fn own_weight(tree: &Tree, id: FileId) -> f64 {
    let file = tree.file(id);
    match (file.skipped, file.role) {
        (Some(_), _) => 0.0,
        (None, FileRole::Source) if !file.symbols.is_empty() => 1.0,
        (None, FileRole::Source) => 0.3,
        (None, _) => 0.05,
    }
}

/// From, to, and the weight of the heaviest use between them, sorted.
fn edges(tree: &Tree, resolved: &Resolved) -> Vec<(usize, usize, f64)> {
    let mut edges: Vec<(usize, usize, f64)> = resolved
        .links
        .iter()
        .filter(|link| link.from_file != link.to_file)
        .map(|link| {
            let weight = match (link.kind, link.time) {
                (EdgeKind::Import, Some(ImportTime::Load) | None) => 1.0,
                (EdgeKind::Import, Some(ImportTime::Types | ImportTime::Call)) => 0.3,
                _ => 0.5,
            };
            let share = match tree.file(link.from_file).role {
                FileRole::Source | FileRole::Generated => 1.0,
                _ => 0.1,
            };
            (link.from_file.0 as usize, link.to_file.0 as usize, weight * share)
        })
        .collect();
    edges.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
    edges.dedup_by_key(|edge| (edge.0, edge.1));
    edges
}
