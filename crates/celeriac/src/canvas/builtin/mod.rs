//! Tasks that every worker knows under Celery's names. They are not among the registered ones that a worker tells of.

mod accumulate;
mod apply;
mod map;
mod unlock;

use crate::registry::Registry;

/// Makes them known.
pub(crate) fn register<S: Send + Sync + 'static>(registry: &mut Registry<S>) {
    registry.add_raw::<accumulate::Accumulate>();
    registry.add_raw::<accumulate::BackendCleanup>();
    registry.add_raw::<apply::ApplyChain>();
    registry.add_raw::<apply::ApplyChord>();
    registry.add_raw::<apply::ApplyChunks>();
    registry.add_raw::<apply::ApplyGroup>();
    registry.add_raw::<map::Map>();
    registry.add_raw::<map::Starmap>();
    registry.add_raw::<unlock::ChordUnlock>();
}
