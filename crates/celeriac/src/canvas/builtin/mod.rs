//! Tasks that every worker knows under Celery's names. They are not among the registered ones that a worker tells of.

mod accumulate;
mod apply;
mod map;
mod unlock;

use crate::registry::Registry;

/// Makes them known.
pub(crate) fn register<S: Send + Sync + 'static>(registry: &mut Registry<S>) {
    registry.add::<accumulate::Accumulate>();
    registry.add::<accumulate::BackendCleanup>();
    registry.add::<apply::ApplyChain>();
    registry.add::<apply::ApplyChord>();
    registry.add::<apply::ApplyChunks>();
    registry.add::<apply::ApplyGroup>();
    registry.add::<map::Map>();
    registry.add::<map::Starmap>();
    registry.add::<unlock::ChordUnlock>();
}
