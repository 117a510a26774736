//! What a Python service may do, one thing after the other: our worker answers as Celery's own does.

use serde_json::{Value, json};
use test_servers::Celery;

use crate::support::Fleet;

/// What `canvas_features.py` is to say.
fn expected() -> Value {
    let failure = |argument: &str| json!(["ExpectedException", "Task expected to fail", argument]);
    let plain_failure = json!(["ExpectedException", "Task expected to fail"]);
    let doubles: Vec<i64> = (0..20).map(|i| 2 * i).collect();
    json!({
        "positional": 5, "named": 6, "mixed": 8, "text": "żółć 中文 🦀",
        "deep": {"a": [1, 2.5, null, true, {"b": []}]}, "compressed": true, "ignored": null,
        "failure": failure("why"), "state": "FAILURE", "unregistered": ["NotRegistered", "tasks.nobody_knows"],
        "countdown": 2, "waited": true, "expired": ["TaskRevokedError", "expired"], "priority": "Priority: 7",
        "hard_limit": ["TimeLimitExceeded", "0.5"], "soft_limit": 0, "retry": 1, "autoretry": 1,
        "revoked": ["TaskRevokedError", "revoked"], "terminated": "TaskRevokedError",
        "chain": 10, "group": doubles, "chord": 380, "empty_chord": 0, "map": [3, 7], "starmap": [3, 7],
        "chunks": [[0, 2, 4, 6], [8, 10, 12, 14], [16, 18]], "chunks_in_chain": [[0, 2], [4, 6]],
        "group_in_chain": 113, "groups_after_groups": 12, "chord_of_chains": 14, "chord_of_chords": 12,
        "chain_of_chords": 46, "keywords_of_a_chord": 216, "keywords_in_a_chain": 216,
        "keywords_in_a_message": 106, "body_is_a_chain": 16, "body_is_a_group": [6, 6], "group_in_group": [2, 4, 6],
        "immutable": 10, "partial": 42, "replaced": 3, "replaced_in_chain": 112, "replaced_in_header": 7,
        "replaced_by_group": 25, "added_to_chord": 25, "retry_in_chord": 3, "link": true, "links": true,
        "chain_link": true, "old_errback": true, "new_errback": true, "body_errback": true, "chain_errback": true,
        "chain_failure": failure("2"), "chord_failure": plain_failure,
        "nested_failure": ["ChordError", "Dependency ID raised ExpectedException('Task expected to fail')"],
        "failure_before_group": plain_failure, "failure_in_header_chain": failure("2"),
        "failing_body": failure("[2]"), "root": true, "parent": true, "children": true, "collected": 3,
        "ready": true, "restored": [2, 4], "completed": 2, "stamped": 3, "forgotten": "PENDING",
        "old_message": 7, "old_chain": 7, "old_chord": 6, "old_retry": 1,
    })
}

fn check(fleet: &Fleet, celery: Celery) {
    let (said, expected) = (fleet.python(celery, "canvas_features.py", &[]), expected());
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(said[name], *value, "{name}");
    }
    assert_eq!(said.as_object().unwrap().len(), expected.as_object().unwrap().len());
}

#[test]
fn celery_5_6_gets_what_it_expects_of_our_worker() {
    check(&Fleet::new().with_ours(), Celery::V56);
}

#[test]
fn celery_5_7_gets_what_it_expects_of_our_worker() {
    check(&Fleet::new().with_ours(), Celery::V57);
}

#[test]
#[ignore = "compares what is expected with Celery's own worker: ./dev integration"]
fn celerys_own_worker_does_the_same() {
    for celery in Celery::ALL {
        check(&Fleet::new().with_pythons(celery), celery);
    }
}
