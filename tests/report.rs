//! `pleach report`: one page for one plan, opened in a real browser.
//!
//! The browser is the one named in `PLEACH_BROWSER`, or a Chromium on the path; `make setup` sees to it.

use assert_cmd::Command;
use assert_cmd::cargo::cargo_bin;
use pleach::instance::generate::SCENARIOS;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// What Chromium is called.
const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// An id that would be a script if anybody let it.
const HOSTILE: &str = "<script>console.error('hostile')</script>\"'&amp;";

/// Peers of a scenario that is only looked at.
const SMOKE: usize = 2_000;

fn pleach<S: AsRef<std::ffi::OsStr>>(dir: &TempDir, arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(cargo_bin!("pleach"));
    command.args(arguments).current_dir(dir);
    command
}

fn shipped(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("instances").join(name)).unwrap()
}

/// Solves an instance in a folder of its own and makes its report.
fn reported(instance: &str) -> (TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("instance.json"), instance).unwrap();
    pleach(&dir, ["solve", "instance.json", "-o", "plan.json"]).assert().code(0);
    let page = report(&dir);
    (dir, page)
}

fn report(dir: &TempDir) -> String {
    pleach(dir, ["report", "instance.json", "plan.json", "--html", "page.html"]).assert().code(0).stdout("");
    fs::read_to_string(dir.path().join("page.html")).unwrap()
}

/// Two networks, and everything that has a name has a hostile one.
fn hostile() -> String {
    let id = |end: &str| serde_json::to_string(&format!("{HOSTILE}{end}")).unwrap();
    format!(
        r#"{{"format": "pleach/instance/1", "name": {0}, "time": "2026-11-22T19:30:00Z",
        "contents": [{{"id": {0}, "bitrate_kbps": 2000, "substreams": 2}}],
        "nodes": [{{"id": {1}, "role": "origin", "network": {1}, "uplink_kbps": 4000}},
                  {{"id": {2}, "role": "peer", "network": {2}, "uplink_kbps": 0}},
                  {{"id": {3}, "role": "peer", "network": {2}, "uplink_kbps": 0}}],
        "networks": [{{"id": {1}, "kind": {0}}}, {{"id": {2}, "kind": {0}}}],
        "links": [{{"id": {0}, "from": {1}, "to": {2}, "capacity_kbps": 2000, "kind": {0}}}],
        "policies": [{{"id": {0}, "source": {{"id": [{1}]}}, "rule": {{"limit_rate": {{"max_kbps": 2000}}}}}},
                     {{"id": {1}, "rule": {{"protocol": {{"name": {0}}}}}}},
                     {{"id": {2}, "destination": {{"id": [{3}]}}, "rule": {{"forbid": {{}}}}}}],
        "holdings": [{{"node": {1}, "content": {0}}}],
        "requests": [{{"node": {2}, "content": {0}}}, {{"node": {3}, "content": {0}}}]}}"#,
        id(""),
        id("1"),
        id("2"),
        id("3")
    )
}

/// The browser, or what to do to have one.
fn browser() -> Command {
    let given = std::env::var_os("PLEACH_BROWSER").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let named = || NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file());
    let found = given.or_else(named).expect("no browser: run `make setup`, install Chromium, or name one in PLEACH_BROWSER");
    Command::new(found)
}

/// What a page is after its scripts have run, and what it said to the console.
fn opened(dir: &TempDir, page: &str) -> (String, Vec<String>) {
    let url = format!("file://{}", dir.path().join(page).display());
    let profile = format!("--user-data-dir={}", dir.path().join("profile").display());
    let quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"];
    let loud = ["--enable-logging=stderr", "--v=0"];
    let output = browser().args(quiet).args(loud).args([&profile, "--dump-dom", &url]).assert().success().get_output().clone();
    let said = String::from_utf8_lossy(&output.stderr);
    let console = said.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console)
}

#[test]
fn every_report_opens_in_a_browser_without_a_word_on_its_console() {
    let (dir, _) = reported(&shipped("two-isps.json"));
    // First that a fault would be heard.
    fs::write(dir.path().join("loud.html"), "<!doctype html><script>console.error('heard')</script>").unwrap();
    let (_, console) = opened(&dir, "loud.html");
    assert!(console.iter().any(|line| line.contains("heard")), "{console:?}");

    let cases = [shipped("two-isps.json"), shipped("reasons.json"), shipped("blackout.json"), shipped("churn.json"), hostile()];
    for instance in cases {
        let (dir, _) = reported(&instance);
        let (page, console) = opened(&dir, "page.html");
        assert!(console.is_empty(), "{console:?}");
        for part in
            ["<svg class=\"map\"", "data-place=\"0\"", "<svg class=\"hops\"", "<svg class=\"bars\"", "id=\"table-supply\""]
        {
            assert!(page.contains(part), "{part} is missing");
        }
        // The script ran: heads of columns have become buttons.
        assert!(page.contains("<th scope=\"col\"><button type=\"button\">role</button></th>"), "{page}");
    }
}

#[test]
fn every_scenario_is_made_solved_checked_and_its_report_opens() {
    for scenario in SCENARIOS {
        let dir = tempfile::tempdir().unwrap();
        let nodes = SMOKE.min(scenario.nodes).to_string();
        pleach(&dir, ["generate", scenario.name, "--nodes", &nodes, "-o", "instance.json"]).assert().code(0);
        pleach(&dir, ["solve", "instance.json", "-o", "plan.json", "--method", "greedy"]).assert().code(0);
        pleach(&dir, ["check", "instance.json", "plan.json"]).assert().code(0);
        report(&dir);
        let (page, console) = opened(&dir, "page.html");
        assert!(console.is_empty(), "{}: {console:?}", scenario.name);
        assert!(page.contains("<svg class=\"map\"") && page.contains("<svg class=\"hops\""), "{}", scenario.name);
    }
}

#[test]
fn hostile_names_stay_text() {
    let (dir, page) = reported(&hostile());
    assert!(page.contains("&#60;script&#62;console.error"), "names are shown");
    assert_eq!(page.matches("<script").count(), 1, "the page's own script, and no other");
    pleach(&dir, ["report", "instance.json", "plan.json", "--svg", "map.svg"]).assert().code(0);
    let map = fs::read_to_string(dir.path().join("map.svg")).unwrap();
    assert!(map.starts_with("<svg") && !map.contains("<script"), "{map}");
}

#[test]
fn a_report_loads_nothing() {
    let (_dir, page) = reported(&shipped("reasons.json"));
    let without_names = page.replace("http://www.w3.org/2000/svg", "");
    for loading in ["http:", "https:", "src=", "@import", "url(", "//cdn"] {
        assert!(!without_names.contains(loading), "{loading}");
    }
}

#[test]
fn a_report_tells_figures_reasons_and_what_was_before() {
    let (_dir, page) = reported(&shipped("reasons.json"));
    for word in ["no_source", "unreachable", "displaced", "Before and now", "not-for-g1", "proved: at most 6"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(page.contains("✓ Proved valid") && !page.contains("id=\"violations\""));
}

#[test]
fn a_report_of_an_invalid_plan_says_so_first() {
    let (dir, _) = reported(&shipped("two-isps.json"));
    let plan = fs::read_to_string(dir.path().join("plan.json")).unwrap();
    let wrong = plan.replace(r#""parents":["b1","b1"]"#, r#""parents":["b2","nobody"]"#);
    assert_ne!(plan, wrong);
    fs::write(dir.path().join("plan.json"), wrong).unwrap();
    let page = report(&dir);
    let (told, map) = (page.find("id=\"violations\"").unwrap(), page.find("<svg").unwrap());
    assert!(told < map && page.contains("self_parent") && !page.contains("✓ Proved valid"));
}

#[test]
fn a_plan_for_another_instance_is_refused() {
    let (dir, _) = reported(&shipped("two-isps.json"));
    fs::write(dir.path().join("instance.json"), shipped("reasons.json")).unwrap();
    let refused = pleach(&dir, ["report", "instance.json", "plan.json", "--html", "other.html"]).assert().code(1).stdout("");
    let words = String::from_utf8(refused.get_output().stderr.clone()).unwrap();
    assert!(words.contains("plan for something else"), "{words}");
    assert!(!dir.path().join("other.html").exists());
    pleach(&dir, ["report", "instance.json", "plan.json"]).assert().code(2);
}

#[test]
fn ten_thousand_requests_make_a_page_of_the_same_size() {
    let dir = tempfile::tempdir().unwrap();
    let make = ["generate", "national-final", "--nodes", "10000", "--links", "binding", "-o", "instance.json"];
    pleach(&dir, make).assert().code(0);
    pleach(&dir, ["solve", "instance.json", "--method", "greedy", "-o", "plan.json"]).assert().code(0);
    let page = report(&dir);
    assert!(page.len() < 400_000, "{} bytes", page.len());
    assert!(page.contains(" more</p>"), "lists say what they leave out");
    let (_, console) = opened(&dir, "page.html");
    assert!(console.is_empty(), "{console:?}");
}
