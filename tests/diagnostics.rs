//! What users are told about a scenario that is wrong: every problem at once, each with its line and what would do.

use std::path::Path;

use breakeven::scenario::Document;
use breakeven::scenario::axis::Axis;

/// Three lines are a scenario; tests break one thing of it at a time.
const HEAD: &str = "traffic.source.rate = '200/s'\nclass.cpu = '20ms'\ndeployment = { platform = 'vm' }\n";

fn told(text: &str, sets: &[&str]) -> String {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    let mut document = Document::new("s.toml", text, Path::new("."), "s", &sets);
    match document.build() {
        Ok(scenario) => document.render(&scenario.warnings, false),
        Err(problems) => document.render(&problems, false),
    }
}

fn told_of_axis(over: &str) -> String {
    let mut document = Document::new("s.toml", HEAD, Path::new("."), "s", &[]);
    match Axis::read(&mut document, over) {
        Ok(axis) => format!("{} {:?}", axis.unit, axis.texts),
        Err(problems) => document.render(&problems, false),
    }
}

#[test]
fn scratch() {
    for (text, sets) in [
        (HEAD.to_owned(), vec![]),
        (format!("{HEAD}[scenario]\nsed = 1\n"), vec![]),
        (HEAD.replace("20ms", "20"), vec![]),
        (HEAD.replace("'20ms'", "20"), vec![]),
        (HEAD.replace("200/s", "-200/s"), vec![]),
        (HEAD.replace("'200/s'", "nan"), vec![]),
        (format!("{HEAD}traffic.duration = '0s'"), vec![]),
        (format!("{HEAD}[scenario]\nseed = -1\n[traffic]\ntimezone = 'Europe/Berln'\n"), vec![]),
        (format!("{HEAD}scenario.seed = -1\ntraffic.timezone = 'Europe/Berln'\nqueue = []\npricing.egres = 1\ntraffic.source.profile = 'schol-day'\nslo.class.a.p95 = '1s'\nslo.require = ['k8s']\nslo.p95 = '1'"), vec![]),
        (HEAD.to_owned(), vec!["traffic.source.0.rate=5", "class.cpu.mean=3", "=", "x", "class.weigth=3", "scenario.seed=[1", "traffic.start=2026-13-01T00:00:00"]),
        (format!("{HEAD}'<script>alert(1)</script>' = 1\n"), vec![]),
        (format!("{HEAD}[[class]]\nname = 'a'"), vec![]),
        ("".to_owned(), vec![]),
        ("\u{0}\u{1b}[31m = = \n[[[".to_owned(), vec![]),
        ("traffic = 3\nclass = 'x'\ndeployment = [1]".to_owned(), vec![]),
        ("traffic.source = [{ rate = '1/s' }, { kind = 'closed', users = 3 }, { kind = 'opn' }]\nclass = [{ retry = {}, entry = 'store:x' }, { name = 'b', entry = 'api' }]\ndeployment = [{ platform = 'eks', name = 'a' }, { name = 'a', platform = 'eks' }]".to_owned(), vec![]),
        (HEAD.replace("rate = '200/s'", "file = 'none.csv'\ntraffic.source.kind = 'counts'"), vec![]),
    ] {
        println!("=== {text}--- {sets:?}\n{}", told(&text, &sets));
    }
    for over in [
        "traffic.source.0.rate=10/s..1000/s:4:log",
        "traffic.source.rate=10/s..20/s:3",
        "class.cpu=1ms..3ms:2",
        "scenario.seed=1..3:5",
        "class.cp=1ms..2ms:3",
        "class.cpu=1..2:3",
        "traffic.start=1..2:3",
        "class.request=1..2:3",
        "traffic.source.web.rate=1/s..2/s:3",
        "deployment.vm.fleet.slots=1..3:3",
        "traffic.source.uncertainty=3",
        "traffic.uncertainty.level_cv=0.0..1:3",
    ] {
        println!("{over}\n{}", told_of_axis(over));
    }
}
