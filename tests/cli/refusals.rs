//! Bad input: what is said, and the exit code that tells a script not to try again.

use super::{Desk, files, stderr, stdout};

/// What a bad command says.
fn refused(desk: &Desk, line: &[&str]) -> String {
    let assert = desk.simulate(line).code(2);
    assert_eq!(stdout(&assert), "", "{line:?} prints no result");
    stderr(&assert)
}

#[test]
fn bad_values_are_shown_with_what_would_do() {
    let desk = Desk::new();
    for (set, says) in [
        ("traffic.sorce.rate=1/s", &["unknown key `sorce`", "did you mean `source`?"][..]),
        ("traffic.source.rate=5ms", &["expected a rate", "^^^"]),
        ("traffic.source.rate=-5/s", &["negative"]),
        ("class.cpu=nan", &["numbers are finite"]),
        ("traffic.duration=0s", &["above 0s"]),
        ("deployment.ec2.platform=ec3", &["unknown platform `ec3`", "did you mean `ec2`?"]),
        ("deployment.ec2.platform=heroku", &["not simulated yet"]),
        ("deployment.aws-lambda.instance.vcpu=2", &["does not offer `vcpu`", "in proportion to memory"]),
        ("deployment.k8s.fleet.slots=2", &["k8s"]),
        ("scenario.replications=0", &["1 to 100000"]),
        ("class.weight=1e308", &["0 to 1000000000"]),
        ("class.threads=1e-9", &["0.001 to 1024"]),
        ("scenario.seed", &["expected PATH=VALUE"]),
        ("fault=[{kind=\"deploy\",share=0.5,at=\"1s\"}]", &["unknown key `share`"]),
        ("deployment.aws-lambda.deploy.kind=rolling", &["does not offer `kind`", "every new request"]),
        ("service={name=\"api\",steps=[{call=\"apj\"}]}", &["no service is called `apj`", "did you mean `api`?"]),
        ("service={name=\"api\",steps=[{call=\"api\"}]}", &["without end: api -> api"]),
    ] {
        let text = refused(&desk, &["tiny.toml", "--set", set]);
        assert!(text.contains("<--set 1>:1:"), "{set}: {text}");
        for words in says {
            assert!(text.contains(words), "{set} says {words:?}: {text}");
        }
        assert_eq!(text, refused(&desk, &["check", "tiny.toml", "--set", set]), "check and run agree");
    }
}

#[test]
fn all_problems_of_a_file_are_told_at_once() {
    let desk = Desk::new();
    desk.write(
        "bad.toml",
        "traffic.source = { rate = \"5/m\" }\nclass = { cpu = \"20ms\", oi = \"1s\" }\n[[deployment]]\nplatform = \"eks\"\nautoscaler.kind = \"hpb\"\n",
    );
    let text = refused(&desk, &["bad.toml", "--set", "traffic.duration=0s"]);
    for place in ["bad.toml:1:27", "bad.toml:2:", "bad.toml:5:", "<--set 1>:1:"] {
        assert!(text.contains(place), "{place}: {text}");
    }
    assert_eq!(text.matches("error: ").count(), 4, "{text}");
}

#[test]
fn flags_that_are_values_of_the_scenario_are_checked_like_them() {
    let desk = Desk::new();
    let text = refused(&desk, &["tiny.toml", "--seed", "9007199254740993"]);
    assert!(text.contains("<--seed>"), "{text}");
    let text = refused(&desk, &["tiny.toml", "--replications", "0"]);
    assert!(text.contains("<--replications>"), "{text}");
    assert!(refused(&desk, &["tiny.toml", "--seed", "x"]).contains("--seed"));
}

#[test]
fn what_the_tick_engine_does_not_play_is_refused_by_name() {
    let desk = Desk::new();
    let paas = "traffic = { duration = '1h', source.rate = '20/s' }\nclass.cpu = '20ms'\ndeployment.platform = 'app-engine-standard'\n";
    desk.write("paas.toml", paas);
    for (set, why) in [
        ("deployment.app-engine-standard.fleet.slots=3", "its scheduler starts an instance for 1.8 requests at work"),
        ("traffic.source.rate=1/h", "requests come when it has no instance"),
        (
            "traffic.source.rate=200/s",
            "more than 0.3 % of its requests come when there are more than its instances can take",
        ),
        ("class.io=15s", "requests take long for an autoscaler that measures every 1m"),
    ] {
        let text = refused(&desk, &["paas.toml", "--fidelity", "tick", "--set", set]);
        assert!(text.contains("deployment `app-engine-standard`: ") && text.contains(why), "{text}");
    }
    let text = refused(&desk, &["tiny.toml", "--fidelity", "tick", "--set", "traffic.source.arrivals=even"]);
    assert!(text.contains("its arrivals are evenly spaced"), "{text}");
    assert!(text.contains("`exact` plays"), "{text}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let desk = Desk::new();
    desk.write("binary.toml", [0xff, 0xfe, 0x00]);
    desk.write("scenarios/a.toml", "");
    assert!(refused(&desk, &["binary.toml"]).contains("binary.toml is not UTF-8"));
    assert!(refused(&desk, &["check", "scenarios"]).contains("is a directory"));
    let text = refused(&desk, &["nowhere.toml"]);
    assert!(text.contains("file not found: nowhere.toml") && text.contains("scenarios/a.toml"), "{text}");
    assert!(refused(&desk, &["scenarios/b.toml"]).contains("did you mean `scenarios/a.toml`?"));
    assert!(refused(&desk, &["chekc"]).contains("did you mean `simulate check`?"));
}

#[test]
fn trace_files_that_cannot_be_read_are_named() {
    let desk = Desk::new();
    let whole = {
        use std::io::Write;
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        for minute in 0..500 {
            writeln!(packed, "{},{}", minute * 60, minute % 7).unwrap();
        }
        packed.finish().unwrap()
    };
    desk.write("truncated.csv.gz", &whole[..whole.len() / 2]);
    desk.write("binary.csv", [0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe, 0]);
    desk.write("words.csv", "epoch_s,requests\n0,many\n");
    desk.write("empty.csv", "");
    for file in ["missing.csv", "truncated.csv.gz", "binary.csv", "words.csv", "empty.csv"] {
        let source = format!("traffic.source={{kind=\"counts\", file=\"{file}\"}}");
        let text = refused(&desk, &["tiny.toml", "--set", &source]);
        assert!(text.contains(file) && text.contains("<--set 1>"), "{file}: {text}");
    }
}

#[test]
fn a_run_beyond_reason_is_refused_before_it_starts() {
    let desk = Desk::new();
    let rate = "traffic.source.rate=1000000000000/s";
    for command in ["run", "check"] {
        let line = [command, "tiny.toml", "--fidelity", "exact", "--set", rate];
        let text = refused(&desk, &line);
        assert!(text.contains("3,000,000,000,000,000 requests") && text.contains("core hours"), "{text}");
    }
    refused(&desk, &["tiny.toml", "--set", rate, "--out", "out"]);
    assert!(!desk.path("out").exists());
}

#[test]
fn a_fleet_beyond_memory_is_refused_before_it_is_built() {
    let desk = Desk::new();
    desk.write(
        "fleet.toml",
        "traffic = { duration = \"1m\", source = { rate = \"1/s\" } }\nclass = { cpu = \"1ms\" }\n\
         deployment = { name = \"many\", platform = \"vm\", autoscaler = { kind = \"fixed\", replicas = 4000000000 } }\n",
    );
    for command in ["run", "check"] {
        let text = refused(&desk, &[command, "fleet.toml"]);
        assert!(text.contains("`many` begins with 4,000,000,000 instances") && text.contains("1,000,000"), "{text}");
    }
    // Not stated, but what the first rate needs: 10 ms of work at 10^12 requests per second.
    desk.write(
        "rate.toml",
        "traffic = { duration = \"1us\", source = { rate = \"1000000000000/s\" } }\nclass = { cpu = \"10ms\" }\n\
         deployment = { name = \"fast\", platform = \"faas\", \
         fleet = { initial = \"stationary\" } }\n",
    );
    for command in ["run", "check"] {
        let text = refused(&desk, &[command, "rate.toml"]);
        assert!(text.contains("`fast` begins with") && text.contains("1,000,000"), "{text}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_found_out_before_the_run() {
    let desk = Desk::new();
    desk.write("file", "");
    for out in ["file", "file/below"] {
        // The longest run that is not refused: if it were started, this test would not end.
        let long =
            ["tiny.toml", "--set", "traffic.source.rate=1000000/s", "--set", "traffic.duration=20h", "--out", out];
        let assert = desk.simulate(&long).code(1);
        let text = stderr(&assert);
        assert!(text.contains(&format!("cannot write into {out}: ")) && text.contains("nothing was run"), "{text}");
        assert_eq!(stdout(&assert), "");
    }
    assert_eq!(desk.read("file"), "");
    assert_eq!(files(&desk.path("")).len(), 2);
}

#[test]
fn an_axis_that_leads_nowhere_is_refused() {
    let desk = Desk::new();
    for (over, says) in [
        ("traffic.source.rat=1/s..2/s:3", "did you mean `rate`?"),
        ("traffic.source.rate=1/s..2/s:1", "number of points"),
        ("traffic.source.rate=2/s..1/s:3", "lower limit"),
        ("traffic.timezone=1..2:3", "timezone"),
        ("x", "no `=`"),
    ] {
        let text = refused(&desk, &["sweep", "tiny.toml", "--over", over]);
        assert!(text.contains(says) && text.contains("<--over>"), "{over}: {text}");
    }
    let text = refused(&desk, &["sweep", "tiny.toml", "--over", "deployment.ec2.autoscaler.replicas=0..3:4"]);
    assert!(text.contains("replicas"), "a bad point is shown: {text}");
}

#[test]
fn what_can_be_counted_without_a_price_is_named_before_anything_is_played() {
    let desk = Desk::new();
    // So much traffic that playing any of it would take hours.
    let line = ["tiny.toml", "--set", "traffic.duration=300d", "--set", "traffic.source.rate=1000/s", "--set"];
    for (deployment, says) in [
        (
            "{platform=\"aws-lambda\", tariff=\"ec2\"}",
            "no price in aws-cloudwatch, ec2, aws-http-api for what `aws-lambda` counts: `requests`, `gib-seconds`",
        ),
        (
            "{name=\"k\", platform=\"eks\", tariff=\"ec2\"}",
            "no price in ec2, aws-alb for what `k` counts: `cluster-hours`",
        ),
    ] {
        let set = format!("deployment=[{deployment}]");
        let line = [&line[..], &[&set]].concat();
        let text = refused(&desk, &line);
        assert!(text.contains(says) && text.contains(".tariff`, or choose"), "{text}");
        assert!(text.contains("<--set 3>") && text.contains("^^^^^"), "underlined where the tariff is chosen: {text}");
        assert_eq!(text, refused(&desk, &[&["check"], &line[..]].concat()), "check and run agree");
    }
}
