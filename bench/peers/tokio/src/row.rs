//! The same as ../../../row.h, for Rust: a table of rows, of which one run does one repetition of one row.
use std::time::{Duration, Instant};

pub struct Row {
    name: &'static str,
    operations: u64,
    run: Box<dyn Fn(u64) -> Duration>,
}

impl Row {
    pub fn new(name: &'static str, operations: u64, run: impl Fn(u64) -> Duration + 'static) -> Row {
        Row { name, operations, run: Box::new(run) }
    }
}

pub fn check(holds: bool, what: &str) {
    assert!(holds, "the run went wrong: {what}");
}

pub fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

/// The nth of many delays: 1 to 61 s, without order.
pub fn delay(n: u64) -> Duration {
    Duration::from_millis(1000 + n * 2_654_435_761 % 60_000)
}

/// Processor time of the whole process.
fn processor_time() -> Duration {
    let mut used = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut used) };
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

pub fn main(rows: &[Row]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(name) = arguments.first() else {
        rows.iter().for_each(|row| println!("{}", row.name));
        return;
    };
    let row = rows.iter().find(|row| row.name == name).expect("no such row");
    let operations = arguments.get(1).and_then(|text| text.parse().ok()).filter(|&n| n > 0).unwrap_or(row.operations);
    if arguments.get(2).map(String::as_str) != Some("cold") {
        (row.run)(row.operations); // memory and caches are warm then
    }
    let before = processor_time();
    let time = (row.run)(operations);
    let used = processor_time() - before;
    let each = |time: Duration| time.as_nanos() as f64 / operations as f64;
    println!("{:.3} {:.3}", each(time), each(used));
}
