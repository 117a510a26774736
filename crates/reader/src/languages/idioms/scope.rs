//! The functions around routes and mounted routers.

use std::{collections::HashMap, ops::Range};

use super::{
    Outline,
    group::{Groups, below},
    mount, route,
};
use crate::facts::{Mount, MountKind, Mounted, Router, UNNAMED};

/// The qualified names of the functions around places.
pub(super) struct Scopes(HashMap<usize, String>);

impl Scopes {
    /// Looks all places up, in one walk through the definitions.
    pub(super) fn of(
        routes: &[route::Pending],
        mounts: &[mount::Pending],
        wholes: &[Range<usize>],
        outline: &Outline,
    ) -> Self {
        let places = routes.iter().map(|route| route.at).chain(mounts.iter().map(|mount| mount.at));
        let mut places: Vec<usize> = places.chain(wholes.iter().map(inside)).collect();
        places.retain(|at| *at != usize::MAX);
        places.sort_unstable();
        places.dedup();
        let mut cursor = outline.scopes();
        let mut scopes = HashMap::new();
        for at in places {
            if let Some(function) = cursor.function_at(at) {
                scopes.insert(at, function.to_owned());
            } else if wholes.iter().any(|whole| whole.contains(&at)) {
                scopes.insert(at, UNNAMED.to_owned());
            }
        }
        Self(scopes)
    }

    pub(super) fn at(&self, at: usize) -> Option<String> {
        self.0.get(&at).cloned()
    }

    /// The mounts by line, with all that is told around them.
    pub(super) fn mounts(
        &self,
        found: Vec<mount::Pending>,
        wholes: &[Range<usize>],
        groups: &Groups,
    ) -> Vec<Mount> {
        let mut mounts = Vec::new();
        for mount::Pending { mut mount, framework, at } in found {
            mount.on.scope = self.at(at);
            if matches!(mount.kind, MountKind::Own | MountKind::Whole) {
                mounts.push(mount);
                continue;
            }
            for around in groups.around(framework, at) {
                let mut mount = mount.clone();
                mount.prefix = below(framework, &around.prefix, &mount.prefix);
                mount.on.name = around.on.unwrap_or(mount.on.name);
                mounts.push(mount);
            }
        }
        for whole in wholes {
            if let Some(function) = self.at(inside(whole)) {
                mounts.push(Mount {
                    what: Mounted::Name(function),
                    on: Router::default(),
                    prefix: String::new(),
                    kind: MountKind::Whole,
                    line: 0,
                });
            }
        }
        mounts.sort_by_key(|mount| mount.line);
        mounts.dedup();
        mounts
    }
}

/// A place within a function, behind its parameters.
fn inside(whole: &Range<usize>) -> usize {
    whole.end.saturating_sub(1).max(whole.start)
}
