//! What users are told about a scenario that is wrong: every problem at once, each with its line and what would do.

use std::path::Path;

use breakeven::scenario::Document;
use breakeven::scenario::axis::Axis;

/// Three lines are a scenario; tests break one thing of it at a time.
const HEAD: &str = "traffic.source.rate = '200/s'\nclass.cpu = '20ms'\ndeployment = { platform = 'vm' }\n";

fn document(text: &str, sets: &[&str]) -> Document {
    let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
    Document::new("s.toml", text, Path::new("."), "s", &sets)
}

fn told(text: &str, sets: &[&str]) -> String {
    let mut document = document(text, sets);
    match document.build() {
        Ok(scenario) => document.render(&scenario.warnings, false),
        Err(problems) => document.render(&problems, false),
    }
}

fn told_of_axis(over: &str) -> String {
    let mut document = document(HEAD, &[]);
    match Axis::read(&mut document, over) {
        Ok(axis) => format!("{} {}", axis.unit, axis.texts.join(" ")),
        Err(problems) => document.render(&problems, false),
    }
}

#[test]
fn three_lines_are_a_scenario() {
    insta::assert_snapshot!(told(HEAD, &[]), @"");
}

#[test]
fn an_unknown_key_names_the_nearest() {
    insta::assert_snapshot!(told(&format!("{HEAD}scenario.sed = 1\nclass.cup = 1\n"), &[]), @r"
    error: unknown key `sed`
     --> s.toml:4:10
      |
    4 | scenario.sed = 1
      |          ^^^
      |
      = help: did you mean `seed`?
    error: unknown key `cup`
     --> s.toml:5:7
      |
    5 | class.cup = 1
      |       ^^^
      |
      = help: did you mean `cpu`?
    ");
}

#[test]
fn a_wrong_unit_lists_the_units() {
    insta::assert_snapshot!(told(&HEAD.replace("20ms", "20 sec"), &[]), @r#"
    error: expected a duration such as "15ms", "90s" or "1h 30m"
     --> s.toml:2:13
      |
    2 | class.cpu = '20 sec'
      |             ^^^^^^^^ unknown unit `sec` (ns, us, ms, s, m, h, d, w)
    "#);
}

#[test]
fn a_number_is_not_a_duration() {
    insta::assert_snapshot!(told(&HEAD.replace("'20ms'", "20"), &[]), @r#"
    error: expected a duration such as "15ms", "90s" or "1h 30m"; or a table with `dist`
     --> s.toml:2:13
      |
    2 | class.cpu = 20
      |             ^^ found a whole number
    "#);
}

#[test]
fn a_negative_rate_is_refused() {
    insta::assert_snapshot!(told(&HEAD.replace("200/s", "-200/s"), &[]), @r#"
    error: expected a rate such as "120/s", "7200/min" or "1.5M/day"
     --> s.toml:1:23
      |
    1 | traffic.source.rate = '-200/s'
      |                       ^^^^^^^^ negative
    "#);
}

#[test]
fn numbers_are_finite() {
    insta::assert_snapshot!(told(&HEAD.replace("'20ms'", "'20ms'\nclass.threads = nan\nclass.weight = -inf"), &[]), @r"
    error: expected a number: 0.001 to 1024
     --> s.toml:3:17
      |
    3 | class.threads = nan
      |                 ^^^ numbers are finite
    error: expected a number: 0 to 1000000000
     --> s.toml:4:16
      |
    4 | class.weight = -inf
      |                ^^^^ numbers are finite
    ");
}

#[test]
fn a_horizon_has_a_length() {
    insta::assert_snapshot!(told(&format!("{HEAD}traffic.duration = '0s'\n"), &[]), @r"
    error: duration out of range
     --> s.toml:4:20
      |
    4 | traffic.duration = '0s'
      |                    ^^^^ allowed: above 0s, at most 36525d
    ");
}

#[test]
fn the_calendar_ends() {
    insta::assert_snapshot!(told(&format!("{HEAD}traffic.start = 9999-12-29T00:00:00\n"), &[]), @r"
    error: the run does not lie within the years 1 to 9999
     --> s.toml:4:17
      |
    4 | traffic.start = 9999-12-29T00:00:00
      |                 ^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn an_unknown_platform_names_the_nearest() {
    insta::assert_snapshot!(told(&HEAD.replace("'vm'", "'aws-lamda'"), &[]), @r"
    error: unknown platform `aws-lamda`
     --> s.toml:3:27
      |
    3 | deployment = { platform = 'aws-lamda' }
      |                           ^^^^^^^^^^^
      |
      = help: did you mean `aws-lambda`?
    ");
}

#[test]
fn a_key_that_the_platform_does_not_offer_says_why() {
    insta::assert_snapshot!(told(&HEAD.replace("'vm'", "'aws-lambda', instance = { vcpu = 2 }"), &[]), @r"
    error: aws-lambda does not offer `vcpu`
     --> s.toml:3:54
      |
    3 | deployment = { platform = 'aws-lambda', instance = { vcpu = 2 } }
      |                                                      ^^^^ not offered
      |
      = help: AWS Lambda gives CPU in proportion to memory; set instance.memory
    ");
}

#[test]
fn users_have_to_think_and_clients_to_wait() {
    let text = "traffic.source = { kind = 'closed', users = 5, think = '0s' }\nclass = { retry = { attempts = 0 } }\n\
                deployment.platform = 'vm'";
    insta::assert_snapshot!(told(text, &[]), @r"
    error: users who do not think would ask without end at one instant whenever they are refused
     --> s.toml:1:56
      |
    1 | traffic.source = { kind = 'closed', users = 5, think = '0s' }
      |                                                        ^^^^
    error: number out of range
     --> s.toml:2:32
      |
    2 | class = { retry = { attempts = 0 } }
      |                                ^ allowed: 1 to 4294967295
    ");
    let text = "traffic.source = { kind = 'closed', users = 5, from = 1, think = '1s' }\n\
                class.retry = { attempts = 'unbounded', base = '0s' }\ndeployment.platform = 'vm'";
    insta::assert_snapshot!(told(text, &[]), @r"
    error: `from` needs `stages`
     --> s.toml:1:48
      |
    1 | traffic.source = { kind = 'closed', users = 5, from = 1, think = '1s' }
      |                                                ^^^^
    error: attempts without end and without a wait between them would never leave one instant
     --> s.toml:2:28
      |
    2 | class.retry = { attempts = 'unbounded', base = '0s' }
      |                            ^^^^^^^^^^^
    ");
}

#[test]
fn what_is_not_simulated_yet_is_refused_by_name() {
    insta::assert_snapshot!(told("traffic.source = { kind = 'closed', users = 5, think = '1s' }\nclass = { retry = { attempts = 3 }, entry = 'store:orders' }\nstore.name = 'orders'\ndeployment = [{ platform = 'eks' }, { platform = 'heroku' }]", &[]), @r"
    error: heroku is not simulated yet
     --> s.toml:4:50
      |
    4 | deployment = [{ platform = 'eks' }, { platform = 'heroku' }]
      |                                                  ^^^^^^^^ `heroku` is refused
    ");
}

#[test]
#[allow(clippy::too_many_lines)] // one text for each mistake
fn what_a_store_is_bound_to_has_to_fit() {
    const TEXT: &str = "traffic.source.rate = '1/s'\nclass.cpu = '20ms'\nstore = { name = 'orders', kind = 'relational', stored = -1 }\n";
    let of_kind = |kind: &str, bind: &str| {
        let text = TEXT.replace("-1", "1").replace("relational", kind);
        told(&format!("{text}deployment = {{ platform = 'aws-lambda', bind.{bind} }}\n"), &[])
    };
    insta::assert_snapshot!(told(&format!("{TEXT}deployment.platform = 'aws-lambda'\n"), &[]), @r"
    error: size out of range
     --> s.toml:3:58
      |
    3 | store = { name = 'orders', kind = 'relational', stored = -1 }
      |                                                          ^^ allowed: 0B to 2^60 bytes
    ");
    insta::assert_snapshot!(of_kind("relational", "orders = 'aws-dynamodb'"), @r"
    warning: no request reaches the store `orders`
     --> s.toml:3:18
      |
    3 | store = { name = 'orders', kind = 'relational', stored = 1 }
      |                  ^^^^^^^^
      |
      = help: what it keeps ready is billed all the same
    error: `aws-dynamodb` is for stores of kind document, and `orders` is of kind relational
     --> s.toml:4:55
      |
    4 | deployment = { platform = 'aws-lambda', bind.orders = 'aws-dynamodb' }
      |                                                       ^^^^^^^^^^^^^^
      |
      = help: a relational store is bound to one of aws-aurora, aws-aurora-serverless, none
    ");
    insta::assert_snapshot!(of_kind("relational", "orders = { kind = 'aws-sqs' }"), @r"
    warning: no request reaches the store `orders`
     --> s.toml:3:18
      |
    3 | store = { name = 'orders', kind = 'relational', stored = 1 }
      |                  ^^^^^^^^
      |
      = help: what it keeps ready is billed all the same
    error: `aws-sqs` is for stores of kind queue, and `orders` is of kind relational
     --> s.toml:4:64
      |
    4 | deployment = { platform = 'aws-lambda', bind.orders = { kind = 'aws-sqs' } }
      |                                                                ^^^^^^^^^
      |
      = help: a relational store is bound to one of aws-aurora, aws-aurora-serverless, none
    ");
    insta::assert_snapshot!(of_kind("relational", "orders = { class = 'db.r6g.huge', pool = 0 }"), @r"
    warning: no request reaches the store `orders`
     --> s.toml:3:18
      |
    3 | store = { name = 'orders', kind = 'relational', stored = 1 }
      |                  ^^^^^^^^
      |
      = help: what it keeps ready is billed all the same
    error: aws-aurora has no class `db.r6g.huge` here
     --> s.toml:4:65
      |
    4 | deployment = { platform = 'aws-lambda', bind.orders = { class = 'db.r6g.huge', pool = 0 } }
      |                                                                 ^^^^^^^^^^^^^
      |
      = help: did you mean `db.r6g.large`?
    error: number out of range
     --> s.toml:4:87
      |
    4 | deployment = { platform = 'aws-lambda', bind.orders = { class = 'db.r6g.huge', pool = 0 } }
      |                                                                                       ^ allowed: 1 to 4294967295
    ");
    insta::assert_snapshot!(of_kind("relational", "basket = 'aws-aurora'"), @r"
    warning: no request reaches the store `orders`
     --> s.toml:3:18
      |
    3 | store = { name = 'orders', kind = 'relational', stored = 1 }
      |                  ^^^^^^^^
      |
      = help: what it keeps ready is billed all the same
    error: no queue, workflow or store is called `basket`
     --> s.toml:4:46
      |
    4 | deployment = { platform = 'aws-lambda', bind.basket = 'aws-aurora' }
      |                                              ^^^^^^
      |
      = help: valid: orders
    ");
    insta::assert_snapshot!(of_kind("document", "orders = { burst = '1m' }"), @r#"
    warning: no request reaches the store `orders`
     --> s.toml:3:18
      |
    3 | store = { name = 'orders', kind = 'document', stored = 1 }
      |                  ^^^^^^^^
      |
      = help: what it keeps ready is billed all the same
    error: `burst` is of mode `provisioned`, and the mode is `on-demand`
     --> s.toml:4:57
      |
    4 | deployment = { platform = 'aws-lambda', bind.orders = { burst = '1m' } }
      |                                                         ^^^^^
      |
      = help: add `mode = "provisioned"`, or leave it out
    "#);
    insta::assert_snapshot!(of_kind("document", "orders = { mode = 'provisioned', read_auto_scaling = { min = 9, max = 3 } }"), @r"
    warning: no request reaches the store `orders`
     --> s.toml:3:18
      |
    3 | store = { name = 'orders', kind = 'document', stored = 1 }
      |                  ^^^^^^^^
      |
      = help: what it keeps ready is billed all the same
    error: `min` is above `max`: 9, 3
     --> s.toml:4:99
      |
    4 | deployment = { platform = 'aws-lambda', bind.orders = { mode = 'provisioned', read_auto_scaling = { min = 9, max = 3 } } }
      |                                                                                                   ^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn every_problem_of_a_file_is_reported_at_once() {
    insta::assert_snapshot!(told("traffic.timezone = 'Europe/Berln'\ntraffic.source = { rate = '200', profile = 'schol-day', mix = { b = 1 } }\n[[class]]\nname = 'a'\ncpu = { dist = 'lognormal', median = '1s' }\n[[class]]\nname = 'a'\n[[deployment]]\nplatform = 'vm'\nfleet.slot = 3\n[[deployment]]\nplatform = 'vm'\n[slo]\np95 = 500\nrequire = ['k8s']\n", &[]), @r#"
    error: unknown time zone `Europe/Berln`
     --> s.toml:1:20
      |
    1 | traffic.timezone = 'Europe/Berln'
      |                    ^^^^^^^^^^^^^^
      |
      = help: did you mean `Europe/Berlin`?
    error: expected a rate such as "120/s", "7200/min" or "1.5M/day"
     --> s.toml:2:27
      |
    2 | traffic.source = { rate = '200', profile = 'schol-day', mix = { b = 1 } }
      |                           ^^^^^ no `/s`, `/min`, `/h` or `/day`
    error: unknown profile `schol-day`
     --> s.toml:2:44
      |
    2 | traffic.source = { rate = '200', profile = 'schol-day', mix = { b = 1 } }
      |                                            ^^^^^^^^^^^
      |
      = help: did you mean `school-day`?
    error: no class is called `b`
     --> s.toml:2:65
      |
    2 | traffic.source = { rate = '200', profile = 'schol-day', mix = { b = 1 } }
      |                                                                 ^
      |
      = help: did you mean `a`?
    error: missing key `sigma` or `cv`
     --> s.toml:5:7
      |
    5 | cpu = { dist = 'lognormal', median = '1s' }
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    error: the name `a` is given twice
     --> s.toml:7:8
      |
    7 | name = 'a'
      |        ^^^
      |
      = help: names are unique in their section
    error: unknown key `slot`
      --> s.toml:10:7
       |
    10 | fleet.slot = 3
       |       ^^^^
       |
       = help: did you mean `slots`?
    error: the name `vm` is given twice
      --> s.toml:11:1
       |
    11 | [[deployment]]
       | ^^^^^^^^^^^^^^
       |
       = help: names are unique in their section
    error: expected a duration above 0s such as "15ms", "90s" or "1h 30m"
      --> s.toml:14:7
       |
    14 | p95 = 500
       |       ^^^ found a whole number
    error: no deployment is called `k8s`
      --> s.toml:15:12
       |
    15 | require = ['k8s']
       |            ^^^^^
       |
       = help: valid: vm, vm
    "#);
}

#[test]
fn problems_of_meaning_wait_for_no_other_section() {
    insta::assert_snapshot!(told(&format!("{HEAD}scenario.seed = -1\ntraffic.timezone = 'Europe/Berln'\nslo.class.pages.p95 = '1s'\npricing.set.'aws-lambda.request' = '1 USD'\n"), &[]), @r"
    error: number out of range
     --> s.toml:4:17
      |
    4 | scenario.seed = -1
      |                 ^^ allowed: 0 to 9007199254740991
    error: unknown time zone `Europe/Berln`
     --> s.toml:5:20
      |
    5 | traffic.timezone = 'Europe/Berln'
      |                    ^^^^^^^^^^^^^^
      |
      = help: did you mean `Europe/Berlin`?
    error: no class is called `pages`
     --> s.toml:6:11
      |
    6 | slo.class.pages.p95 = '1s'
      |           ^^^^^
      |
      = help: valid: request
    error: nothing is priced as `aws-lambda.request`
     --> s.toml:7:13
      |
    7 | pricing.set.'aws-lambda.request' = '1 USD'
      |             ^^^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `aws-lambda.requests`?
    ");
}

#[test]
fn overrides_are_checked_like_the_file() {
    insta::assert_snapshot!(told(HEAD, &["traffic.source.0.rate=5", "class.cpu.mean=3", "class.weigth=3", "=", "seed", "scenario.seed=[1", "deployment.vm.fleet.slots=0"]), @r#"
    error: expected a rate such as "120/s", "7200/min" or "1.5M/day"
     --> <--set 1>:1:23
      |
    1 | traffic.source.0.rate=5
      |                       ^ found a whole number
    error: `cpu` is a string, without keys
     --> <--set 2>:1:11
      |
    1 | class.cpu.mean=3
      |           ^^^^
    error: unknown key `weigth`
     --> <--set 3>:1:7
      |
    1 | class.weigth=3
      |       ^^^^^^
      |
      = help: did you mean `weight`?
    error: not a path
     --> <--set 4>:1:1
      |
    1 | =
      | ^
      |
      = help: keys joined by dots: traffic.source.0.rate
    error: expected PATH=VALUE
     --> <--set 5>:1:1
      |
    1 | seed
      | ^^^^
      |
      = help: traffic.source.0.rate=500/s
    error: unclosed array, expected `]`
     --> <--set 6>:1:17
      |
    1 | scenario.seed=[1
      |                 ^ not TOML
    error: number out of range
     --> <--set 7>:1:27
      |
    1 | deployment.vm.fleet.slots=0
      |                           ^ allowed: 1 to 4294967295
    "#);
}

#[test]
fn periods_need_a_mean_and_a_length() {
    let told = |on: &str| {
        let source = format!("traffic.source = {{ kind = 'on-off', rate = '1/s', on = {on}, off = '0s' }}");
        told(&format!("{source}\nclass.cpu = '1ms'\ndeployment.platform = 'vm'"), &[])
    };
    assert!(told("{ dist = 'pareto', shape = 1, scale = '1s' }").contains("periods without a finite mean"));
    assert!(told("'10us'").contains("must last 1ms together"), "{}", told("'10us'"));
    assert_eq!(told("'1s'"), "");
}

#[test]
fn schedules_say_one_clock_that_can_be_read() {
    let told = |schedule: &str| {
        let source = format!("traffic.source = {{ kind = 'schedule', {schedule} }}");
        told(&format!("{source}\nclass.cpu = '1ms'\ndeployment.platform = 'vm'"), &[])
    };
    assert_eq!(told("every = '5m'"), "");
    assert_eq!(told("cron = '0 9 * * MON', timezone = 'Europe/Berlin', jitter = '1h'"), "");
    assert!(told("cron = '0 25 * * *'").contains("not a cron expression"));
    assert!(told("cron = 'ä€𝄞 @ * 0 *'").contains("not a cron expression"));
    assert!(told("cron = '0 9 * * *', every = '1h'").contains("every"));
    assert!(told("count = 3").contains("cron"));
    assert!(told("every = '1h', timezone = 'UTC'").contains("timezone"));
    assert!(told("every = '1ms', jitter = '1h'").contains("`jitter` spans more than 100000 fires"));
    assert!(told("cron = '0 0 30 2 *'").contains("never fires"), "{}", told("cron = '0 0 30 2 *'"));
}

#[test]
fn a_self_exciting_source_forgets_its_beginning_in_time() {
    let told = |rate: &str| {
        let source = format!("kind = 'hawkes', rate = '{rate}', branching = 0.99, decay = '1h'");
        told(&format!("traffic.source = {{ {source} }}\nclass.cpu = '1ms'\ndeployment.platform = 'vm'"), &[])
    };
    assert!(told("1000/s").contains("its memory reaches over 4e9 requests"), "{}", told("1000/s"));
    assert_eq!(told("20/s"), "");
}

#[test]
fn samples_of_prometheus_need_a_unit_and_patterns_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let answer =
        r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"1"],[10,"2"]]}]}}"#;
    std::fs::write(folder.path().join("rate.json"), answer).unwrap();
    let told = |source: &str| {
        let text =
            format!("traffic.source = {{ kind = 'counts', {source} }}\nclass.cpu = '1ms'\ndeployment.platform = 'vm'");
        let mut document = Document::new("x.toml", &text, folder.path(), "x", &[]);
        match document.build() {
            Ok(_) => String::new(),
            Err(problems) => document.render(&problems, false),
        }
    };
    assert!(told("file = 'rate.json'").contains("say with `unit` whether they are"), "{}", told("file = 'rate.json'"));
    assert_eq!(told("file = ['rate.json'], unit = 'rate'"), "");
    assert_eq!(told("file = 'r*.json', unit = 'rate'"), "");
    assert!(told("file = 'q*.json'").contains("no file fits `q*.json`"));
    assert!(
        told("file = 'rate.json', format = 'xml'").contains("valid: csv, cloudwatch,"),
        "{}",
        told("file = 'rate.json', format = 'xml'")
    );
}

#[test]
fn a_missing_counts_file_is_shown_where_it_is_named() {
    insta::assert_snapshot!(told("traffic.source = { kind = 'counts', file = 'none.csv' }\nclass.cpu = '1ms'\ndeployment = { platform = 'vm' }", &[]), @r"
    error: cannot read `none.csv`
     --> s.toml:1:44
      |
    1 | traffic.source = { kind = 'counts', file = 'none.csv' }
      |                                            ^^^^^^^^^^ No such file or directory (os error 2)
    ");
}

#[test]
fn a_key_with_markup_is_only_text() {
    insta::assert_snapshot!(told(&format!("{HEAD}'<script>alert(1)</script>' = 1\n"), &[]), @r"
    error: unknown key `<script>alert(1)</script>`
     --> s.toml:4:1
      |
    4 | '<script>alert(1)</script>' = 1
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: valid: scenario, traffic, class, service, queue, workflow, store, fault, deployment, slo, budget, pricing
    ");
}

#[test]
fn garbage_is_not_toml() {
    insta::assert_snapshot!(told("\u{0}\u{1b}[31m = = \n", &[]), @r"
    error: invalid unquoted key, expected letters, numbers, `-`, `_`
     --> s.toml:1:1
      |
    1 | ␀␛[31m = = 
      | ^^ not TOML
    error: key with no value, expected `=`
     --> s.toml:1:3
      |
    1 | ␀␛[31m = = 
      |   ^ not TOML
    ");
}

#[test]
fn an_empty_file_lacks_everything() {
    insta::assert_snapshot!(told("", &[]), @r"
    error: missing key `traffic`
     --> s.toml:1:1
      |
    1 |
      | ^
      |
      = help: who comes, and when: a table
    error: missing key `class`
     --> s.toml:1:1
      |
    1 |
      | ^
      |
      = help: what one request brings: a table, or an array of tables
    error: missing key `deployment`
     --> s.toml:1:1
      |
    1 |
      | ^
      |
      = help: where it runs: a table, or an array of tables
    ");
}

#[test]
fn an_axis_is_in_the_units_of_its_key() {
    insta::assert_snapshot!(told_of_axis("traffic.source.0.rate=10/s..1000/s:3:log"), @r#"requests/s "10/s" "100/s" "1000/s""#);
}

#[test]
fn an_axis_of_a_default_needs_no_key_in_the_file() {
    insta::assert_snapshot!(told_of_axis("deployment.vm.fleet.slots=1..4:4"), @r"1 1 2 3 4");
}

#[test]
fn whole_numbers_of_an_axis_are_not_repeated() {
    insta::assert_snapshot!(told_of_axis("scenario.replications=1..3:9"), @r"1 1 2 3");
}

#[test]
fn a_path_that_leads_nowhere_names_the_nearest() {
    insta::assert_snapshot!(told_of_axis("class.cp=1ms..2ms:3"), @r"
    error: unknown key `cp`
     --> <--over>:1:7
      |
    1 | class.cp=1ms..2ms:3
      |       ^^
      |
      = help: did you mean `cpu`?
    ");
}

#[test]
fn limits_of_another_unit_are_refused() {
    insta::assert_snapshot!(told_of_axis("class.cpu=1..2:3"), @r"
    error: no unit (ns, us, ms, s, m, h, d, w)
     --> <--over>:1:11
      |
    1 | class.cpu=1..2:3
      |           ^
      |
      = help: PATH=LOW..HIGH:N or PATH=LOW..HIGH:N:log, such as traffic.source.0.rate=10/s..1000/s:12:log
    ");
}

#[test]
fn an_axis_is_numeric() {
    insta::assert_snapshot!(told_of_axis("traffic.start=1..2:3"), @r"
    error: `start` is not a number
     --> <--over>:1:9
      |
    1 | traffic.start=1..2:3
      |         ^^^^^
    ");
}

#[test]
fn an_axis_rises() {
    insta::assert_snapshot!(told_of_axis("class.cpu=2ms..1ms:3"), @r"
    error: the lower limit is not below the upper one
     --> <--over>:1:11
      |
    1 | class.cpu=2ms..1ms:3
      |           ^^^^^^^^
      |
      = help: PATH=LOW..HIGH:N or PATH=LOW..HIGH:N:log, such as traffic.source.0.rate=10/s..1000/s:12:log
    ");
}

#[test]
fn a_logarithmic_axis_starts_above_zero() {
    insta::assert_snapshot!(told_of_axis("class.io=0s..1s:3:log"), @r"
    error: a logarithmic axis starts above zero
     --> <--over>:1:10
      |
    1 | class.io=0s..1s:3:log
      |          ^^
      |
      = help: PATH=LOW..HIGH:N or PATH=LOW..HIGH:N:log, such as traffic.source.0.rate=10/s..1000/s:12:log
    ");
}

#[test]
fn an_axis_says_its_form() {
    insta::assert_snapshot!(told_of_axis("class.cpu=5"), @r"
    error: no `..` between the limits
     --> <--over>:1:1
      |
    1 | class.cpu=5
      | ^^^^^^^^^^^
      |
      = help: PATH=LOW..HIGH:N or PATH=LOW..HIGH:N:log, such as traffic.source.0.rate=10/s..1000/s:12:log
    ");
}

#[test]
fn a_file_that_cannot_be_read_is_one_problem() {
    let folder = tempfile::tempdir().unwrap();
    let mut missing = Document::read(&folder.path().join("missing.toml"), &[]);
    let problems = missing.build().unwrap_err();
    assert_eq!(problems.len(), 1);
    assert!(missing.render(&problems, false).starts_with("error: file not found: "));
    let binary = folder.path().join("binary.toml");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    let mut binary = Document::read(&binary, &[]);
    let problems = binary.build().unwrap_err();
    assert!(binary.render(&problems, false).contains("is not UTF-8 text: it stops being so at byte 0"));
}

#[test]
fn colours_are_only_colours() {
    let mut document = document(&HEAD.replace("20ms", "20"), &[]);
    let problems = document.build().unwrap_err();
    let colored = document.render(&problems, true);
    assert!(colored.contains('\u{1b}'));
    let mut plain = String::new();
    let mut escape = false;
    for letter in colored.chars() {
        match letter {
            '\u{1b}' => escape = true,
            'm' if escape => escape = false,
            _ if escape => {}
            _ => plain.push(letter),
        }
    }
    assert_eq!(plain, document.render(&problems, false));
}
