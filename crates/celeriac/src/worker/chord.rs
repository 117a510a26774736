//! The results of a chord's header, in the shape in which its body gets them.

use std::collections::HashMap;

use serde_json::Value;

use crate::backend::ChordPart;
use crate::protocol::{ResultTuple, TaskId};

/// The results in the header's order; nested as the saved group is, if one was saved.
pub(crate) fn results(saved: Option<&ResultTuple>, parts: Vec<ChordPart>) -> Vec<Value> {
    let is_nested =
        |saved: &ResultTuple| saved.members.iter().flatten().any(|member| member.members.is_some());
    let Some(saved) = saved.filter(|saved| is_nested(saved)) else {
        return parts.into_iter().map(|part| part.result).collect();
    };
    let mut by_id: HashMap<TaskId, Value> = HashMap::with_capacity(parts.len());
    let mut order = Vec::with_capacity(parts.len());
    for part in parts {
        order.push(part.task_id.clone());
        by_id.insert(part.task_id, part.result);
    }
    let mut results: Vec<Value> =
        saved.members.iter().flatten().filter_map(|member| take(member, &mut by_id)).collect();
    // What was added to the chord later is not in the group.
    results.extend(order.iter().filter_map(|id| by_id.remove(id)));
    results
}

fn take(result: &ResultTuple, by_id: &mut HashMap<TaskId, Value>) -> Option<Value> {
    match &result.members {
        // A member may have been counted as a whole, its results joined already.
        Some(members) => by_id.remove(&result.id).or_else(|| {
            Some(Value::Array(members.iter().filter_map(|member| take(member, by_id)).collect()))
        }),
        None => by_id.remove(&result.id),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{GroupId, TaskState};

    #[test]
    fn nested_groups_give_nested_results() {
        let part = |id: &str, index, result| ChordPart {
            chord: GroupId::from("g"),
            task_id: TaskId::from(id),
            index,
            state: TaskState::Success,
            result,
        };
        let parts = || {
            vec![
                part("a", 0, json!(1)),
                part("c", 0, json!(3)),
                part("b", 1, json!(2)),
                part("x", 5, json!(9)),
            ]
        };
        assert_eq!(json!(results(None, parts())), json!([1, 3, 2, 9]));
        let task = |id: &str| ResultTuple::task(TaskId::from(id));
        let inner = ResultTuple::group(TaskId::from("g"), vec![task("a"), task("b")]);
        let saved = ResultTuple::group(TaskId::from("g"), vec![inner, task("c")]);
        assert_eq!(json!(results(Some(&saved), parts())), json!([[1, 2], 3, 9]));
    }
}
