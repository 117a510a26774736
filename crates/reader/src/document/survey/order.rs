//! Circles and layers of a small directed graph.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Edges by their start.
pub(crate) type Arrows = BTreeMap<usize, BTreeSet<usize>>;

/// Sets of nodes that reach each other, each sorted, with at least two nodes; by their first node.
pub(crate) fn circles(count: usize, arrows: &Arrows) -> Vec<Vec<usize>> {
    let component = components(count, arrows);
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (node, set) in component.iter().enumerate() {
        sets.entry(*set).or_default().push(node);
    }
    let mut found: Vec<Vec<usize>> = sets.into_values().filter(|set| set.len() > 1).collect();
    found.sort();
    found
}

/// The shortest way round within a set, from its first node back to it (which is not repeated).
pub(crate) fn way_round(set: &[usize], arrows: &Arrows) -> Vec<usize> {
    let inside: BTreeSet<usize> = set.iter().copied().collect();
    let mut best: Option<Vec<usize>> = None;
    for &start in set.iter().take(64) {
        let mut from: BTreeMap<usize, usize> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        'search: while let Some(node) = queue.pop_front() {
            for &next in arrows.get(&node).into_iter().flatten().filter(|next| inside.contains(next)) {
                if next == start {
                    let mut way = vec![node];
                    while let Some(&before) = way.last().and_then(|last| from.get(last)) {
                        way.push(before);
                    }
                    way.reverse();
                    if best.as_ref().is_none_or(|best| way.len() < best.len()) {
                        best = Some(way);
                    }
                    break 'search;
                }
                if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(next) {
                    entry.insert(node);
                    queue.push_back(next);
                }
            }
        }
    }
    best.unwrap_or_default()
}

/// For each node how many steps lie below it at most; the nodes of a circle share one layer.
pub(crate) fn layers(count: usize, arrows: &Arrows) -> Vec<usize> {
    let component = components(count, arrows);
    // Tarjan numbers components so that all that one depends on have smaller numbers.
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_key(|node| component.get(*node));
    let mut layer_of: BTreeMap<usize, usize> = BTreeMap::new();
    for node in order {
        let own = component.get(node).copied().unwrap_or(0);
        let below = arrows
            .get(&node)
            .into_iter()
            .flatten()
            .filter_map(|next| component.get(*next))
            .filter(|set| **set != own)
            .map(|set| layer_of.get(set).copied().unwrap_or(0) + 1)
            .max()
            .unwrap_or(0);
        let layer = layer_of.entry(own).or_default();
        *layer = (*layer).max(below);
    }
    component.iter().map(|set| layer_of.get(set).copied().unwrap_or(0)).collect()
}

/// Without the arrows that a longer way implies; arrows within circles stay.
pub(crate) fn reduced(count: usize, arrows: &Arrows) -> Arrows {
    let component = components(count, arrows);
    let same = |a: usize, b: usize| component.get(a) == component.get(b);
    let mut kept = Arrows::new();
    for (&from, nexts) in arrows {
        for &to in nexts {
            let implied = !same(from, to)
                && nexts.iter().any(|&other| {
                    other != to && !same(other, from) && !same(other, to) && reaches(other, to, arrows)
                });
            if !implied {
                kept.entry(from).or_default().insert(to);
            }
        }
    }
    kept
}

fn reaches(from: usize, to: usize, arrows: &Arrows) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut stack = vec![from];
    while let Some(node) = stack.pop() {
        if node == to {
            return true;
        }
        stack.extend(arrows.get(&node).into_iter().flatten().copied().filter(|next| seen.insert(*next)));
    }
    false
}

/// Tarjan's strongly connected components, without recursion: the number of each node's component.
fn components(count: usize, arrows: &Arrows) -> Vec<usize> {
    const NONE: usize = usize::MAX;
    let nexts: Vec<Vec<usize>> = (0..count)
        .map(|node| arrows.get(&node).into_iter().flatten().copied().filter(|n| *n < count).collect())
        .collect();
    let mut number = vec![NONE; count];
    let mut low = vec![0; count];
    let mut on_stack = vec![false; count];
    let mut component = vec![NONE; count];
    let (mut stack, mut found, mut clock) = (Vec::new(), 0, 0);
    for root in 0..count {
        if number[root] != NONE {
            continue;
        }
        let mut work = vec![(root, 0)];
        while let Some((node, at)) = work.pop() {
            if at == 0 {
                number[node] = clock;
                low[node] = clock;
                clock += 1;
                stack.push(node);
                on_stack[node] = true;
            }
            let mut descended = false;
            for (step, &next) in nexts[node].iter().enumerate().skip(at) {
                if number[next] == NONE {
                    work.push((node, step + 1));
                    work.push((next, 0));
                    descended = true;
                    break;
                }
                if on_stack[next] {
                    low[node] = low[node].min(number[next]);
                }
            }
            if descended {
                continue;
            }
            if low[node] == number[node] {
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component[member] = found;
                    if member == node {
                        break;
                    }
                }
                found += 1;
            }
            if let Some((above, _)) = work.last() {
                low[*above] = low[*above].min(low[node]);
            }
        }
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrows(edges: &[(usize, usize)]) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, to) in edges {
            arrows.entry(*from).or_default().insert(*to);
        }
        arrows
    }

    #[test]
    fn circles_are_found_and_walked_the_short_way() {
        let arrows = arrows(&[(0, 1), (1, 2), (2, 0), (2, 1), (3, 0), (4, 5), (5, 4)]);
        assert_eq!(circles(6, &arrows), [vec![0, 1, 2], vec![4, 5]]);
        assert_eq!(way_round(&[0, 1, 2], &arrows), [1, 2]);
    }

    #[test]
    fn layers_count_what_lies_below() {
        let arrows = arrows(&[(0, 1), (1, 2), (0, 2), (3, 4), (4, 3), (3, 2)]);
        assert_eq!(layers(5, &arrows), [2, 1, 0, 1, 1]);
    }

    #[test]
    fn implied_arrows_are_dropped() {
        let kept = reduced(4, &arrows(&[(0, 1), (1, 2), (0, 2), (2, 3), (3, 2), (0, 3)]));
        assert_eq!(kept, arrows(&[(0, 1), (1, 2), (2, 3), (3, 2)]));
    }
}
