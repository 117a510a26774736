//! Tasks that send canvases.

use celeriac::{chain, chord, group};
use serde_json::{Value, json};

use super::{task, tasks};

tasks! {
    "t.integration.tasks.chain_add" ChainAdd(x: Value, y: Value) {} -> () = |this, cx| {
        cx.apply(task("add").args([this.x.clone(), this.x]) | task("add").args([this.y])).await?;
        Ok(())
    }

    "t.integration.tasks.chord_add" ChordAdd(x: Value, y: Value) {} -> () = |this, cx| {
        cx.apply(chord([task("add").args([this.x.clone(), this.x])], task("add").args([this.y]))).await?;
        Ok(())
    }

    "t.integration.tasks.build_chain_inside_task" BuildChainInsideTask() {} -> Value = |_this, cx| {
        let add = |args: &[i64]| task("add").args(args.to_vec());
        let pipeline = chain([add(&[1, 1]), add(&[2]), group([add(&[3]), add(&[4])]).into(), add(&[5])]);
        Ok(json!(cx.apply(pipeline).await?.as_tuple()))
    }

    "t.integration.tasks.add_to_all_to_chord" AddToAllToChord(nums: Vec<Value>, val: Value) {} -> i64 = |this, cx| {
        for num in this.nums {
            cx.add_to_chord(task("add").args([num, this.val.clone()])).await?;
        }
        Ok(0)
    }

    "t.integration.tasks.add_chord_to_chord" AddChordToChord(nums: Vec<Value>, val: Value) {} -> i64 = |this, cx| {
        let adds = this.nums.into_iter().map(|num| task("add").args([num, this.val.clone()]));
        cx.add_to_chord(group(adds) | task("tsum")).await?;
        Ok(0)
    }
}
