use proptest::prelude::*;

use super::*;

const LIMITS: WindowLimits =
    WindowLimits { max_concurrent: 4, requests: 6, tokens: 1000, length: Duration::from_secs(60) };

fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn granted(admission: Admission) -> Ticket {
    match admission {
        Admission::Granted(ticket) => ticket,
        other => panic!("not granted: {other:?}"),
    }
}

#[test]
fn what_is_not_used_is_given_back() {
    let mut window = Window::new(LIMITS);
    let ticket = granted(window.admit(at(0), 900));
    window.sent(at(0), ticket);
    assert_eq!(window.admit(at(1), 200), Admission::NotBefore(at(60)));
    window.settle(at(2), ticket, 100);
    granted(window.admit(at(2), 900));
}

#[test]
fn an_overrun_counts_from_the_moment_it_is_known() {
    let mut window = Window::new(LIMITS);
    let ticket = granted(window.admit(at(0), 100));
    window.sent(at(0), ticket);
    window.settle(at(30), ticket, 1000);
    assert_eq!(window.admit(at(30), 50), Admission::NotBefore(at(60)));
    assert_eq!(window.admit(at(60), 101), Admission::NotBefore(at(90)));
    granted(window.admit(at(90), 1000));
}

#[test]
fn a_request_that_was_not_sent_does_not_expire() {
    let mut window = Window::new(LIMITS);
    let ticket = granted(window.admit(at(0), 1000));
    assert_eq!(window.admit(at(500), 1), Admission::WhenReleased);
    window.sent(at(500), ticket);
    assert_eq!(window.admit(at(501), 1), Admission::NotBefore(at(560)));
}

#[test]
fn a_request_larger_than_a_window_is_refused() {
    assert_eq!(Window::new(LIMITS).admit(at(0), 1001), Admission::TooLarge);
}

#[test]
fn a_pause_holds_everything() {
    let mut window = Window::new(LIMITS);
    window.pause(at(7));
    assert_eq!(window.admit(at(0), 1), Admission::NotBefore(at(7)));
    granted(window.admit(at(7), 1));
}

/// One step of a random history.
#[derive(Debug, Clone)]
enum Step {
    Wait(u64),
    Admit(u64),
    Send(usize),
    Settle(usize, u64),
    Release(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        2 => (0u64..40_000).prop_map(Step::Wait),
        5 => (0u64..600).prop_map(Step::Admit),
        3 => any::<usize>().prop_map(Step::Send),
        3 => (any::<usize>(), 0u64..700).prop_map(|(which, used)| Step::Settle(which, used)),
        1 => any::<usize>().prop_map(Step::Release),
    ];
    prop::collection::vec(step, 1..200)
}

/// What the checker, which knows nothing of the window's workings, keeps of one request.
#[derive(Debug, Clone)]
struct Seen {
    admitted: Duration,
    /// `None` while it has not left.
    sent: Option<Duration>,
    reserved: u64,
    used: Option<u64>,
    ended: Option<Duration>,
}

impl Seen {
    /// What counts of it in the window that ends at `now`, looked at from `now`.
    fn load(&self, now: Duration) -> (u64, u64) {
        let live = |from: Duration| from + LIMITS.length > now;
        let counts = self.sent.is_none_or(live);
        let settled = self.used.unwrap_or(self.reserved);
        let mut load = if counts { (1, settled.min(self.reserved)) } else { (0, 0) };
        if settled > self.reserved && self.ended.is_some_and(live) {
            load.1 += settled - self.reserved;
        }
        load
    }
}

fn load(seen: &[Seen], now: Duration) -> (u64, u64) {
    seen.iter().map(|one| one.load(now)).fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_window_ever_holds_too_much_and_no_room_is_wasted(steps in steps()) {
        let mut window = Window::new(LIMITS);
        let mut seen: Vec<Seen> = Vec::new();
        let mut tickets: Vec<Ticket> = Vec::new();
        let mut now = Duration::ZERO;
        for step in steps {
            let open: Vec<usize> = (0..seen.len()).filter(|&i| seen[i].ended.is_none()).collect();
            match step {
                Step::Wait(ms) => now += Duration::from_millis(ms),
                Step::Admit(tokens) => {
                    let (requests, used) = load(&seen, now);
                    let fits = requests < LIMITS.requests && used + tokens <= LIMITS.tokens;
                    match window.admit(now, tokens) {
                        Admission::Granted(ticket) => {
                            prop_assert!(fits, "granted with {requests} requests, {used} tokens");
                            prop_assert!(open.len() < LIMITS.max_concurrent);
                            seen.push(Seen { admitted: now, sent: None, reserved: tokens, used: None, ended: None });
                            tickets.push(ticket);
                        }
                        Admission::NotBefore(when) => {
                            prop_assert!(!fits && when > now);
                            let (requests, used) = load(&seen, when);
                            prop_assert!(requests < LIMITS.requests && used + tokens <= LIMITS.tokens, "no room then");
                            let before = when - Duration::from_nanos(1);
                            let (requests, used) = load(&seen, before);
                            prop_assert!(requests >= LIMITS.requests || used + tokens > LIMITS.tokens, "room earlier");
                        }
                        Admission::WhenReleased => {
                            let (requests, used) = load(&seen, now + LIMITS.length);
                            let never = requests >= LIMITS.requests || used + tokens > LIMITS.tokens;
                            prop_assert!(open.len() >= LIMITS.max_concurrent || never);
                        }
                        Admission::TooLarge => prop_assert!(false, "refused {tokens}"),
                    }
                }
                Step::Send(which) if !open.is_empty() => {
                    let i = open[which % open.len()];
                    if seen[i].sent.is_none() {
                        window.sent(now, tickets[i]);
                        seen[i].sent = Some(now);
                    }
                }
                Step::Settle(which, used) if !open.is_empty() => {
                    let i = open[which % open.len()];
                    window.settle(now, tickets[i], used);
                    seen[i].sent.get_or_insert(now);
                    seen[i].used = Some(used);
                    seen[i].ended = Some(now);
                }
                Step::Release(which) if !open.is_empty() => {
                    let i = open[which % open.len()];
                    window.release(now, tickets[i]);
                    seen[i].sent.get_or_insert(now);
                    seen[i].ended = Some(now);
                }
                _ => {}
            }
            prop_assert_eq!(window.load(now), load(&seen, now));
        }
        check_all_windows(&seen)?;
    }
}

/// Looks at every window that starts with a request, by the moment of sending and by that of admission.
fn check_all_windows(seen: &[Seen]) -> Result<(), TestCaseError> {
    for clock in [|one: &Seen| one.sent, |one: &Seen| Some(one.admitted)] {
        for start in seen.iter().filter_map(clock) {
            let inside = seen
                .iter()
                .filter(|one| clock(one).is_some_and(|at| at >= start && at < start + LIMITS.length));
            let (requests, tokens) = inside.fold((0, 0), |sum, one| {
                (sum.0 + 1, sum.1 + one.used.unwrap_or(one.reserved).min(one.reserved))
            });
            prop_assert!(
                requests <= LIMITS.requests && tokens <= LIMITS.tokens,
                "{requests}, {tokens} from {start:?}"
            );
        }
    }
    Ok(())
}
