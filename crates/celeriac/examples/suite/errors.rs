//! Tasks that fail, and tasks that tell of their request.

use celeriac::{Failure, TaskError, TaskException};
use serde_json::{Value, json};

use super::{task, tasks};

/// An exception class of the suite.
#[track_caller]
pub(super) fn exception(class: &str, arguments: Vec<Value>) -> Failure {
    Failure::of(TaskException {
        exc_type: class.to_owned(),
        exc_message: arguments,
        exc_module: "t.integration.tasks".to_owned(),
    })
}

tasks! {
    "t.integration.tasks.raise_error" RaiseError(*) {} -> () = |_this, _cx| {
        Err(TaskError::failed("ValueError", "deliberate error"))
    }

    "t.integration.tasks.fail" Fail(*) {} -> () = |this, _cx| {
        let mut arguments = vec![json!("Task expected to fail")];
        arguments.extend(this.0.args);
        Err(exception("ExpectedException", arguments).into())
    }

    "t.integration.tasks.fail_unpickleable" FailUnpickleable(foo: Value, bar: Value) {} -> () = |this, _cx| {
        drop(this.bar);
        Err(exception("UnpickleableException", vec![this.foo]).into())
    }

    "t.integration.tasks.fail_replaced" FailReplaced(*) {} -> () = |this, cx| {
        Err(cx.replace(task("fail").args(this.0.args).immutable()))
    }

    "t.integration.tasks.return_exception" ReturnException(e: Value) {} -> Value = |this, _cx| {
        Ok(json!([this.e, true]))
    }

    "t.integration.tasks.return_priority" ReturnPriority(*) {} -> String = |this, cx| {
        drop(this.0);
        Ok(format!("Priority: {}", cx.request().priority()))
    }

    "t.integration.tasks.return_properties" ReturnProperties() {} -> Value = |_this, cx| {
        Ok(json!(cx.request().properties()))
    }

    "t.integration.tasks.ids" Ids(i: Value) {} -> Value = |this, cx| {
        Ok(json!([cx.request().root_id(), cx.request().parent_id(), this.i]))
    }

    "t.integration.tasks.collect_ids" CollectIds(res: Value, i: Value) {} -> Value = |this, cx| {
        Ok(json!([this.res, [cx.request().root_id(), cx.request().parent_id(), this.i]]))
    }
}
