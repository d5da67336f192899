//! `plimsoll-workload`: what runs in the containers of `plimsoll live`.
//!
//! A small HTTP server that behaves as a scenario says: it needs a while until it can serve, burns CPU
//! for every request, holds memory, and can be made sick, slow or dead from outside. It uses std
//! alone, so that `scripts/workload.sh` links it static with the compiler that is at hand.
//!
//! | request | what it does |
//! |---|---|
//! | `GET /` | burns CPU, so that a request costs `--work` all told, then answers 200; 503 while it cannot serve or has too much to do |
//! | `GET /ready` | 200 once it can serve, else 503 |
//! | `POST /sick`, `POST /well` | cannot serve from now on, can again |
//! | `POST /slow?ms=N` | waits so long before every answer to `/` from now on |
//! | `POST /hold?bytes=N` | holds so much more memory |
//! | `POST /crash` | exits with code 1 at once |

use std::fmt;
use std::fs;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{ExitCode, exit};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Most connections at a time: each has a thread, and its container may have 128 of them.
const CONNECTIONS: usize = 96;
/// Most bytes of one line of a request.
const LINE_MAX: u64 = 4096;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(wrong) => {
            eprintln!("error: {wrong}");
            return ExitCode::from(2);
        }
    };
    let listener = match TcpListener::bind(("0.0.0.0", options.port)) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("error: port {}: {error}", options.port);
            return ExitCode::from(3);
        }
    };
    let server = Arc::new(Server::new(&options));
    server.hold(options.memory);
    grow(&server, options.growth);
    if let Some(length) = options.run_for {
        thread::spawn(move || {
            pause(length);
            exit(0);
        });
    }
    for stream in listener.incoming().flatten() {
        let server = Arc::clone(&server);
        if server.connections.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
            server.connections.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        thread::spawn(move || {
            // A client that goes away in the middle is its own affair.
            drop(server.converse(&stream));
            server.connections.fetch_sub(1, Ordering::Relaxed);
        });
    }
    ExitCode::SUCCESS
}

/// What can be asked of it.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    /// Where it listens, on all addresses of its container.
    port: u16,
    /// CPU time one request costs, all told.
    work: Duration,
    /// Requests at a time beyond which one is refused.
    queue: usize,
    /// Time from its start until it can serve.
    startup: Duration,
    /// Memory it holds from the start, in bytes.
    memory: u64,
    /// What that grows by in an hour, in bytes.
    growth: u64,
    /// When it exits with code 0; never unless given.
    run_for: Option<Duration>,
}

impl Options {
    /// Reads `--key value` pairs; times are whole nanoseconds, sizes bytes.
    fn read(words: impl IntoIterator<Item = String>) -> Result<Options, Wrong> {
        let mut options = Options {
            port: 8080,
            work: Duration::ZERO,
            queue: 32,
            startup: Duration::ZERO,
            memory: 0,
            growth: 0,
            run_for: None,
        };
        let mut words = words.into_iter();
        while let Some(key) = words.next() {
            let value = words.next();
            let value = value.ok_or_else(|| Wrong(format!("{key} needs a value")))?;
            let number = value.parse::<u64>();
            let number = number.map_err(|_| Wrong(format!("{key}: {value} is no whole number")))?;
            match key.as_str() {
                "--port" => {
                    let port = u16::try_from(number);
                    options.port = port.map_err(|_| Wrong(format!("{number} is no port")))?;
                }
                "--work" => options.work = Duration::from_nanos(number),
                "--queue" => options.queue = number as usize,
                "--startup" => options.startup = Duration::from_nanos(number),
                "--memory" => options.memory = number,
                "--growth" => options.growth = number,
                "--run-for" => options.run_for = Some(Duration::from_nanos(number)),
                _ => {
                    return Err(Wrong(format!(
                        "unknown option {key} (known: --port, --work, --queue, --startup, --memory, \
                         --growth, --run-for)"
                    )));
                }
            }
        }
        Ok(options)
    }
}

/// What is wrong with what was typed.
#[derive(Debug, PartialEq, Eq)]
struct Wrong(String);

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The server as it stands.
struct Server {
    work: Duration,
    /// Rounds of [`spin`] that take so long, as far as was known at the start.
    rounds: u64,
    balance: Mutex<Balance>,
    queue: usize,
    serves_from: Instant,
    sick: AtomicBool,
    slow_millis: AtomicU64,
    busy: AtomicUsize,
    connections: AtomicUsize,
    held: Mutex<Vec<Vec<u8>>>,
}

/// A status line without its version, and a text.
type Answer = (&'static str, &'static str);

const OK: &str = "200 OK";
const UNAVAILABLE: &str = "503 Service Unavailable";

impl Server {
    fn new(options: &Options) -> Server {
        Server {
            work: options.work,
            rounds: rounds(options.work),
            balance: Mutex::new(Balance::new(cpu_used())),
            queue: options.queue,
            serves_from: now() + options.startup,
            sick: AtomicBool::new(false),
            slow_millis: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            held: Mutex::default(),
        }
    }

    /// Holds so many more bytes, and touches them, so that the kernel has to give them.
    fn hold(&self, bytes: u64) {
        let more = vec![1; bytes as usize];
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push(more);
    }

    fn serves(&self) -> bool {
        !self.sick.load(Ordering::Relaxed) && now() >= self.serves_from
    }

    /// Answers request after request of one connection.
    fn converse(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        while let Some(target) = next_request(&mut reader)? {
            let (status, text) = self.answer(&target);
            let length = text.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{text}");
            let mut out = stream;
            out.write_all(answer.as_bytes())?;
        }
        Ok(())
    }

    fn answer(&self, target: &str) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let number = query.split_once('=');
        let number = number.and_then(|(_, value)| value.parse().ok());
        match (path, number) {
            ("/", _) => self.work(),
            ("/ready", _) if self.serves() => (OK, "ready\n"),
            ("/ready", _) => (UNAVAILABLE, "not ready\n"),
            ("/sick", _) => self.set_sick(true),
            ("/well", _) => self.set_sick(false),
            ("/slow", Some(millis)) => {
                self.slow_millis.store(millis, Ordering::Relaxed);
                (OK, "slow\n")
            }
            ("/hold", Some(bytes)) => {
                self.hold(bytes);
                (OK, "held\n")
            }
            ("/crash", _) => exit(1),
            _ => ("404 Not Found", "not found\n"),
        }
    }

    fn set_sick(&self, sick: bool) -> Answer {
        self.sick.store(sick, Ordering::Relaxed);
        (OK, "so be it\n")
    }

    fn work(&self) -> Answer {
        if !self.serves() {
            return (UNAVAILABLE, "not ready\n");
        }
        let has_room = self.busy.fetch_add(1, Ordering::Relaxed) < self.queue;
        if has_room {
            let slow = self.slow_millis.load(Ordering::Relaxed);
            pause(Duration::from_millis(slow));
            self.burn();
        }
        self.busy.fetch_sub(1, Ordering::Relaxed);
        match has_room {
            true => (OK, "ok\n"),
            false => (UNAVAILABLE, "busy\n"),
        }
    }
}

impl Server {
    /// Burns what one request costs, more or less by what those before cost too little or too much.
    fn burn(&self) {
        if self.rounds == 0 {
            return;
        }
        let balance = || self.balance.lock().unwrap_or_else(PoisonError::into_inner);
        let share = balance().share();
        spin((self.rounds as f64 * share) as u64);
        if let Some(used) = cpu_used() {
            balance().settle(self.work, used);
        }
    }
}

/// What requests have cost too little so far, in seconds of CPU. How long a round takes depends on what else
/// the machine does, and reading and answering a request cost something too: none of it is known beforehand.
#[derive(Debug)]
struct Balance {
    owed: f64,
    /// The CPU time of the process when that was so.
    used: f64,
}

/// What is owed is paid within about so many seconds of CPU: a tick of the clock, 10 ms, moves the next request
/// by a tenth. What was used without requests is forgiven beyond it.
const PAID_IN: f64 = 0.1;

impl Balance {
    fn new(used: Option<f64>) -> Balance {
        Balance {
            owed: 0.0,
            used: used.unwrap_or(0.0),
        }
    }

    /// What the next request is to burn, as a share of its work.
    fn share(&self) -> f64 {
        1.0 + self.owed / PAID_IN
    }

    /// A request of so much work is done, and the process has used so much.
    fn settle(&mut self, work: Duration, used: f64) {
        let owed = self.owed + work.as_secs_f64() - (used - self.used);
        self.owed = owed.clamp(-PAID_IN, PAID_IN);
        self.used = used;
    }
}

/// The seconds of CPU that the process has used; `None` where the system does not say (proc(5), `stat`: utime
/// and stime, in ticks of 10 ms).
fn cpu_used() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split_ascii_whitespace().skip(11);
    let mut ticks = || times.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) as f64 / 100.0)
}

/// The target of the next request of a connection, its headers skipped; `None` when it ends.
fn next_request(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let first = line(reader)?;
    if first.is_empty() {
        return Ok(None);
    }
    while !line(reader)?.trim_end().is_empty() {}
    let target = first.split_ascii_whitespace().nth(1).unwrap_or("");
    Ok(Some(target.to_owned()))
}

/// One line of a request, cut where it is too long.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut bytes = Vec::new();
    Read::take(reader, LINE_MAX).read_until(b'\n', &mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Lets the memory grow, second by second.
fn grow(server: &Arc<Server>, per_hour: u64) {
    if per_hour == 0 {
        return;
    }
    let server = Arc::clone(server);
    thread::spawn(move || {
        loop {
            pause(Duration::from_secs(1));
            server.hold(per_hour / 3600);
        }
    });
}

/// Rounds of [`spin`] that take so much CPU time: the quickest of several short trials counts, for
/// whatever else runs can only slow them down.
fn rounds(work: Duration) -> u64 {
    const TRIAL: u64 = 100_000;
    if work.is_zero() {
        return 0;
    }
    let trial = |_| {
        let from = now();
        spin(TRIAL);
        now() - from
    };
    let quickest = (0..16).map(trial).min().expect("there are trials");
    (work.as_secs_f64() / quickest.as_secs_f64().max(1e-9) * TRIAL as f64) as u64
}

/// Work that cannot be skipped: every round needs the one before.
fn spin(rounds: u64) {
    let mut state = 1_u64;
    for _ in 0..rounds {
        state = black_box(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1),
        );
    }
}

#[expect(clippy::disallowed_methods, reason = "it lives in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "it lives in real time")]
fn pause(length: Duration) {
    if !length.is_zero() {
        thread::sleep(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, Wrong> {
        Options::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_pairs_and_unknown_ones_are_refused() {
        let options = read("--work 2000000 --port 81 --run-for 5").expect("known options");
        assert_eq!(options.work, Duration::from_millis(2));
        assert_eq!(options.port, 81);
        assert_eq!(options.run_for, Some(Duration::from_nanos(5)));
        let wrong = |line| read(line).expect_err("a wrong option").to_string();
        assert!(wrong("--wrok 1").starts_with("unknown option --wrok (known: --port"));
        assert_eq!(wrong("--work"), "--work needs a value");
        assert_eq!(wrong("--work 2ms"), "--work: 2ms is no whole number");
        assert_eq!(wrong("--port 70000"), "70000 is no port");
    }

    #[test]
    fn a_request_is_its_first_line_and_headers_are_skipped() {
        let text = "GET /ready HTTP/1.1\r\nhost: a\r\n\r\nPOST /sick HTTP/1.1\r\n\r\n";
        let mut text = text.as_bytes();
        let mut next = || next_request(&mut text).expect("a request");
        assert_eq!(next().as_deref(), Some("/ready"));
        assert_eq!(next().as_deref(), Some("/sick"));
        assert_eq!(next(), None);
    }

    #[test]
    fn it_serves_from_its_start_up_on_unless_it_is_sick() {
        let options = read("--startup 3600000000000").expect("known options");
        let starting = Server::new(&options);
        assert_eq!(starting.answer("/ready").0, UNAVAILABLE);
        assert_eq!(starting.answer("/").0, UNAVAILABLE);
        let server = Server::new(&read("--queue 1").expect("known options"));
        assert_eq!(server.answer("/").0, OK);
        server.answer("/sick");
        assert_eq!(server.answer("/").1, "not ready\n");
        server.answer("/well");
        server.busy.store(1, Ordering::Relaxed);
        assert_eq!(server.answer("/").1, "busy\n");
        assert_eq!(server.answer("/nothing").0, "404 Not Found");
    }

    #[test]
    fn requests_cost_what_they_are_to_cost_however_slow_the_machine_is() {
        for slowness in [0.8, 1.0, 1.3] {
            let work = Duration::from_millis(2);
            let mut balance = Balance::new(Some(0.0));
            let mut used = 0.0;
            for _ in 0..2000 {
                // A tenth of a millisecond is for reading and answering.
                used += work.as_secs_f64() * balance.share() * slowness + 0.0001;
                balance.settle(work, (used * 100.0).floor() / 100.0);
            }
            // 2,000 of 2 ms, less what is owed at most.
            assert!((used - 4.0).abs() < PAID_IN, "{slowness}: {used}");
        }
    }

    #[test]
    fn the_time_of_the_process_is_that_of_all_its_threads() {
        let before = cpu_used().expect("Linux says");
        let burning = thread::spawn(|| {
            let from = now();
            while now() - from < Duration::from_millis(200) {
                spin(1000);
            }
        });
        burning.join().expect("it ends");
        assert!(cpu_used().expect("Linux says") > before);
    }

    #[test]
    fn work_takes_about_as_long_as_it_says_or_longer() {
        let work = Duration::from_millis(20);
        let rounds = rounds(work);
        let trial = |_| {
            let from = now();
            spin(rounds);
            now() - from
        };
        let quickest = (0..5).map(trial).min().expect("there are trials");
        assert!(quickest > work / 2, "{quickest:?}");
    }
}
