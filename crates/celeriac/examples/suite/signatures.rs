//! Tasks that give canvases as their results, and one that reads them.

use celeriac::{Signature, TaskError, chain, chord, group};
use serde_json::{Value, json};

use super::{task, tasks};

fn add() -> Signature {
    task("add")
}

/// Is it a signature, down to its last member?
fn check(value: &Value) -> Result<(), TaskError> {
    let signature: Signature = serde_json::from_value(value.clone())
        .map_err(|error| TaskError::failed("TypeError", format!("{value} is no signature: {error}")))?;
    for key in ["tasks", "header", "body"] {
        match signature.kwargs.get(key) {
            Some(Value::Array(members)) => members.iter().try_for_each(check)?,
            Some(member @ Value::Object(_)) => check(member)?,
            _ => {}
        }
    }
    Ok(())
}

tasks! {
    "t.integration.tasks.return_nested_signature_chain_chain" ChainChain() {} -> Value = |_this, _cx| {
        Ok(json!(chain([chain([add()])])))
    }

    "t.integration.tasks.return_nested_signature_chain_group" ChainGroup() {} -> Value = |_this, _cx| {
        Ok(json!(chain([group([add()])])))
    }

    "t.integration.tasks.return_nested_signature_chain_chord" ChainChord() {} -> Value = |_this, _cx| {
        Ok(json!(chain([chord([add()], add())])))
    }

    "t.integration.tasks.return_nested_signature_group_chain" GroupChain() {} -> Value = |_this, _cx| {
        Ok(json!(group([chain([add()])])))
    }

    "t.integration.tasks.return_nested_signature_group_group" GroupGroup() {} -> Value = |_this, _cx| {
        Ok(json!(group([group([add()])])))
    }

    "t.integration.tasks.return_nested_signature_group_chord" GroupChord() {} -> Value = |_this, _cx| {
        Ok(json!(group([chord([add()], add())])))
    }

    "t.integration.tasks.return_nested_signature_chord_chain" ChordChain() {} -> Value = |_this, _cx| {
        Ok(json!(chord([chain([add()])], add())))
    }

    "t.integration.tasks.return_nested_signature_chord_group" ChordGroup() {} -> Value = |_this, _cx| {
        Ok(json!(chord([group([add()])], add())))
    }

    "t.integration.tasks.return_nested_signature_chord_chord" ChordChord() {} -> Value = |_this, _cx| {
        Ok(json!(chord([chord([add()], add())], add())))
    }

    "t.integration.tasks.rebuild_signature" RebuildSignature(sig_dict: Value) {} -> () = |this, _cx| {
        check(&this.sig_dict)
    }
}
