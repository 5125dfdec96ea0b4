//! The trees, hop by hop: a column for each hop, as high as the copies that are received there.
//!
//! Each column is stacked by who sends the copies. What of a column is sent on spreads out into the next one, so that
//! the whole is the outline of all trees laid on their side, from the holders to the last leaves.

use super::figures::{copies, count, counted, percent, share};
use super::layout::WIDTH;
use super::survey::{Hop, Sender, Survey};
use askama::Template;

/// More hops than that are joined, so many at a time as are needed.
const MOST_COLUMNS: usize = 60;
const LEFT: f64 = 52.0;
const TOP: f64 = 22.0;
const PLOT: f64 = 250.0;

/// The picture, ready to be written.
#[derive(Template)]
#[template(path = "hops.svg", config = "src/report/askama.toml")]
pub struct Hops {
    /// What the picture says, for those who do not see it, and above it.
    pub text: String,
    width: f64,
    height: f64,
    columns: Vec<Column>,
    fans: Vec<String>,
    legend: Vec<Key>,
    half: Option<Half>,
}

struct Column {
    x: f64,
    wide: f64,
    parts: Vec<Part>,
    sent_on: Part,
    label: Option<String>,
    tip: String,
}

struct Part {
    class: &'static str,
    y: f64,
    high: f64,
}

struct Key {
    class: &'static str,
    word: &'static str,
    x: f64,
}

/// Where half of all copies have been received.
struct Half {
    x: f64,
    word: String,
}

impl Hops {
    /// Draws it.
    pub fn of(survey: &Survey) -> Hops {
        let (step, hops) = joined(&survey.hops);
        let most = hops.iter().map(|hop| hop.all().max(hop.passed_on)).max().unwrap_or(1).max(1) as f64;
        let pitch = ((WIDTH - LEFT - 8.0) / hops.len().max(2) as f64).min(150.0);
        let left = (WIDTH - pitch * hops.len() as f64).max(LEFT) / 2.0 + if hops.len() > 6 { LEFT / 2.0 } else { 0.0 };
        let wide = pitch
            * if hops.len() <= 8 {
                0.24
            } else if hops.len() <= 24 {
                0.44
            } else {
                0.66
            };
        let scale = PLOT / most;
        let middle = TOP + PLOT / 2.0;
        let x = |column: usize| left + pitch * (column as f64 + 0.5) - wide / 2.0;
        let every = hops.len().div_ceil(20);
        let column = |(at, hop): (usize, &Hop)| {
            let name = name(at, step);
            let label = (at % every == 0 || at + 1 == hops.len() && at % every > every / 2).then(|| match at {
                0 => "0".into(),
                _ => (at * step).to_string(),
            });
            Column {
                x: x(at),
                wide,
                parts: parts(at, hop, middle, scale),
                sent_on: sent_on(hop, middle, scale),
                label,
                tip: tip(at, &name, hop),
            }
        };
        let columns: Vec<Column> = hops.iter().enumerate().map(column).collect();
        let fan = |(at, pair): (usize, &[Hop])| {
            let (a, b) = (pair[0].passed_on as f64 * scale / 2.0, pair[1].all() as f64 * scale / 2.0);
            let (from, to) = (x(at) + wide, x(at + 1));
            let turn = (from + to) / 2.0;
            let (low_a, low_b) = (middle + a.max(0.5), middle + b.max(0.5));
            let (up_a, up_b) = (middle - a.max(0.5), middle - b.max(0.5));
            let above = format!("M{from:.1} {up_a:.1}C{turn:.1} {up_a:.1} {turn:.1} {up_b:.1} {to:.1} {up_b:.1}");
            format!("{above}V{low_b:.1}C{turn:.1} {low_b:.1} {turn:.1} {low_a:.1} {from:.1} {low_a:.1}Z")
        };
        let fans = if step == 1 { hops.windows(2).enumerate().map(fan).collect() } else { Vec::new() };
        let half = half(&hops)
            .map(|at| Half { x: x(at) + wide / 2.0, word: format!("half within {}", counted((at * step) as u64, "hop")) });
        Hops { text: text(survey), width: WIDTH, height: TOP + PLOT + 74.0, columns, fans, legend: legend(survey), half }
    }
}

/// Hops in bins of `step`, the holders by themselves.
fn joined(hops: &[Hop]) -> (usize, Vec<Hop>) {
    let step = hops.len().saturating_sub(1).div_ceil(MOST_COLUMNS).max(1);
    let mut columns: Vec<Hop> = hops.first().copied().into_iter().collect();
    for bin in hops.get(1..).unwrap_or(&[]).chunks(step) {
        columns.push(bin.iter().fold(Hop::default(), |mut sum, hop| {
            sum.copies.iter_mut().zip(hop.copies).for_each(|(sum, copies)| *sum += copies);
            sum.passed_on += hop.passed_on;
            sum
        }));
    }
    (step, columns)
}

fn name(at: usize, step: usize) -> String {
    match (at, step) {
        (0, _) => "holders".into(),
        (_, 1) => format!("hop {at}"),
        _ => format!("hops {} to {}", (at - 1) * step + 1, at * step),
    }
}

/// Stacked around the middle; holders are as high as what they hold and send.
fn parts(at: usize, hop: &Hop, middle: f64, scale: f64) -> Vec<Part> {
    if at == 0 {
        let high = (hop.passed_on as f64 * scale).max(3.0);
        return vec![Part { class: "origin", y: middle - high / 2.0, high }];
    }
    let mut y = middle - hop.all() as f64 * scale / 2.0;
    let mut parts = Vec::new();
    for (sender, copies) in Sender::ALL.into_iter().zip(hop.copies).filter(|(_, copies)| *copies > 0) {
        let high = copies as f64 * scale;
        parts.push(Part { class: sender.class(), y, high });
        y += high;
    }
    parts
}

fn sent_on(hop: &Hop, middle: f64, scale: f64) -> Part {
    let high = hop.passed_on as f64 * scale;
    Part { class: "on", y: middle - high / 2.0, high }
}

fn tip(at: usize, name: &str, hop: &Hop) -> String {
    if at == 0 {
        return format!("{name}: {} sent", counted(hop.passed_on, "held substream"));
    }
    let mut tip = format!("{name}: {}", copies(hop.all()));
    for (sender, number) in Sender::ALL.into_iter().zip(hop.copies).filter(|(_, number)| *number > 0) {
        tip += &format!("\n{} from {}", count(number), sender.word());
    }
    tip += &format!("\n{} sent on ({})", count(hop.passed_on), percent(share(hop.passed_on as f64, hop.all() as f64)));
    tip
}

/// The first column by which half of the copies are received.
fn half(hops: &[Hop]) -> Option<usize> {
    let all: u64 = hops.iter().map(Hop::all).sum();
    let mut sum = 0;
    hops.iter().position(|hop| {
        sum += hop.all();
        all > 0 && sum * 2 >= all
    })
}

fn text(survey: &Survey) -> String {
    let hops = &survey.hops;
    let all: u64 = hops.iter().map(Hop::all).sum();
    if all == 0 {
        return "Nothing is sent.".into();
    }
    let first = hops.first().map_or(0, |hop| hop.passed_on);
    let peak = hops.iter().enumerate().max_by_key(|(at, hop)| (hop.all(), std::cmp::Reverse(*at))).map_or(0, |(at, _)| at);
    let on: u64 = hops.iter().skip(1).map(|hop| hop.passed_on).sum();
    let words = if hops.len() == 2 { "hop".to_owned() } else { format!("{} hops", hops.len() - 1) };
    format!(
        "From {} the trees reach {} within {words}, most of them at hop {peak}; {} of the copies are sent on.",
        counted(first, "held substream"),
        copies(all),
        percent(share(on as f64, all as f64))
    )
}

/// Names of the senders that there are.
fn legend(survey: &Survey) -> Vec<Key> {
    let mut x = 0.0;
    let used = |sender: &Sender| survey.hops.iter().any(|hop| hop.copies[*sender as usize] > 0);
    let mut keys = Vec::new();
    for sender in Sender::ALL.into_iter().filter(used) {
        keys.push(Key { class: sender.class(), word: sender.word(), x });
        x += sender.word().len() as f64 * 6.0 + 36.0;
    }
    keys
}
