//! Nested canvases and what each must give.

use celeriac::{Signature, chain, chord, group};
use serde_json::{Value, json};

/// What a canvas makes of a number.
type Effect = Box<dyn Fn(i64) -> i64>;

/// A task that both kinds of workers know.
pub fn task(name: &str) -> Signature {
    Signature::new(format!("t.integration.tasks.{name}"))
}

/// A source of canvases, the same for the same seed.
pub struct Canvases {
    state: u64,
}

impl Canvases {
    pub fn new(seed: u64) -> Self {
        Self { state: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1 }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % limit
    }

    fn number(&mut self) -> i64 {
        i64::try_from(self.below(50)).unwrap()
    }

    /// Takes nothing, gives a number.
    fn start(&mut self) -> (Signature, i64) {
        let (a, b) = (self.number(), self.number());
        match self.below(5) {
            0 => (task("add").args([a, b]), a + b),
            1 => (task("identity").args([a]).immutable(), a),
            2 => (task("add_replaced").args([a, b]), a + b),
            3 => (task("replace_with_chain").args([a]).immutable(), a),
            _ => (task("retry_once").kwarg("countdown", 0.05).immutable(), 1),
        }
    }

    /// A task that takes a number and gives one.
    fn step(&mut self) -> (Signature, Effect) {
        let k = 1 + self.number() % 8;
        match self.below(5) {
            0 => (task("add").args([k]), Box::new(move |n| n + k)),
            1 => (task("mul").args([k]), Box::new(move |n| n * k)),
            2 => (task("add_replaced").args([k]), Box::new(move |n| n + k)),
            3 => (task("identity"), Box::new(|n| n)),
            _ => (task("replace_with_chain"), Box::new(|n| n)),
        }
    }

    /// Takes a number and gives one, through canvases.
    fn pipe(&mut self, depth: u32) -> (Signature, Effect) {
        let kind = if depth == 0 { 0 } else { self.below(5) };
        if kind <= 1 {
            return self.step();
        }
        let count = 1 + usize::try_from(self.below(3)).unwrap();
        let (members, effects): (Vec<Signature>, Vec<Effect>) =
            (0..count).map(|_| self.pipe(depth - 1)).unzip();
        if kind == 2 {
            let all = move |n| effects.iter().fold(n, |n, effect| effect(n));
            return (chain(members).into(), Box::new(all));
        }
        let total = move |n| effects.iter().map(|effect| effect(n)).sum();
        if kind == 3 {
            return (chord(members, task("xsum")).into(), Box::new(total));
        }
        let (after, effect) = self.step();
        ((chord(members, task("tsum")) | after).into(), Box::new(move |n| effect(total(n))))
    }

    /// A whole canvas and its result.
    pub fn canvas(&mut self, depth: u32) -> (Signature, Value) {
        if self.below(4) > 0 {
            let (canvas, number) = self.member(depth);
            return (canvas, json!(number));
        }
        // Celery's own workers count a header wrongly in which a chain ends with a group: that comes on top only.
        let (begin, number) = self.start();
        let (members, effects): (Vec<Signature>, Vec<Effect>) = (0..2).map(|_| self.pipe(depth - 1)).unzip();
        let values: Vec<i64> = effects.iter().map(|effect| effect(number)).collect();
        ((begin | group(members)).into(), json!(values))
    }

    /// A canvas that gives a number.
    fn member(&mut self, depth: u32) -> (Signature, i64) {
        match self.below(3) {
            0 => {
                let (begin, number) = self.start();
                let (pipe, effect) = self.pipe(depth);
                (chain([begin, pipe]).into(), effect(number))
            }
            1 => {
                let count = 2 + self.below(2);
                let members =
                    (0..count).map(|_| if depth > 1 { self.member(depth - 1) } else { self.start() });
                let (members, values): (Vec<Signature>, Vec<i64>) = members.unzip();
                (chord(members, task("xsum")).into(), values.iter().sum())
            }
            _ => {
                let numbers: Vec<i64> = (0..3).map(|_| self.number()).collect();
                let sum = numbers.iter().sum::<i64>() + 15;
                let (after, effect) = self.step();
                let all = task("add_to_all").args([json!(numbers), json!(5)]);
                (chain([all, task("tsum"), after]).into(), effect(sum))
            }
        }
    }
}
