//! Graphs that are wrong: every problem at once, each where it is, with what would do.

use super::*;

const HEAD: &str = "traffic.source.rate = '1/s'\ndeployment = { platform = 'vm' }\n";

/// What is said about these services, entered at `a` by the class `request`.
fn said_of(services: &str) -> Vec<String> {
    said(&format!("{HEAD}class.entry = 'a'\n{services}"))
}

#[test]
fn unknown_names_are_found_wherever_they_are_used() {
    let text = SHOP
        .replace("entry = \"api\"\nweight", "entry = \"apj\"\nweight")
        .replace("call = \"price\", timeout", "call = \"prize\", timeout")
        .replace("query = \"orders\" }", "query = \"order\" }")
        .replace("[\"checkout\"]", "[\"chekout\"]")
        .replace("start = \"fulfil\"", "start = \"fulfill\"")
        .replace("[\"worker\", \"stock\"]", "[\"worker\", \"stok\"]")
        .replace("target = \"orders\"", "target = \"ordrs\"")
        .replace("service.worker", "service.workr")
        .replace("placed = \"aws-sns\"", "placd = \"aws-sqs\"");
    assert_eq!(
        said(&text),
        [
            "\"apj\": no service is called `apj`||did you mean `api`?",
            "\"prize\": no service is called `prize`||did you mean `price`?",
            "\"chekout\": no class is called `chekout`||did you mean `checkout`?",
            "\"fulfill\": no workflow is called `fulfill`||did you mean `fulfil`?",
            "\"order\": no store is called `order`||did you mean `orders`?",
            "\"stok\": no service is called `stok`||did you mean `stock`?",
            "\"ordrs\": no service, store or deployment is called `ordrs`||did you mean `orders`?",
            "placd: no queue, workflow or store is called `placd`||did you mean `placed`?",
            "workr: no service is called `workr`||did you mean `worker`?",
        ]
    );
}

#[test]
fn a_name_of_the_wrong_kind_says_what_it_is() {
    let text = SHOP
        .replace("publish = \"placed\"", "call = \"placed\"")
        .replace("query = \"orders\" }", "query = \"price\" }")
        .replace("start = \"fulfil\"", "start = \"orders\"")
        .replace("store:orders", "store:placed")
        .replace("fulfil = \"aws-step-functions\"", "fulfil = \"redis\", stock = \"redis\"")
        .replace("placed = \"aws-sns\"", "placed = \"aws-sq\"");
    assert_eq!(
        said(&text),
        [
            "\"store:placed\": `placed` is a queue, not a store||a queue is reached by `publish`",
            "\"placed\": `placed` is a queue, not a service||a queue is reached by `publish`",
            "\"orders\": `orders` is a store, not a workflow||a store is reached by `query`",
            "\"price\": `price` is a service, not a store||a service is reached by `call`",
            "\"aws-sq\": unknown queue `aws-sq`||did you mean `aws-sqs`?",
            "\"redis\": `redis` is a store, and `fulfil` is a workflow||one of aws-step-functions, \
             aws-step-functions-express, gcp-workflows, inline",
            "stock: `stock` is a service, and runs on the deployment itself||queues, workflows and stores are bound",
        ]
    );
}

#[test]
fn a_step_is_one_verb_with_what_belongs_to_it() {
    assert_eq!(
        said_of(
            "[[service]]\nname = 'a'\nsteps = [{ cpu = '1ms', io = '1ms' }, { p = 0.5 }, { cpu = '1ms', op = 'read' }, \
             { io = '1ms', size = '1KiB', timeout = '1s' }, { wait = '1s', await = true }, { cal = 'a' }]"
        ),
        [
            "io: `cpu` and `io` exclude each other||give `cpu` or `io` or `wait` or `call` or `query` or `publish` or `start` or `parallel` or `branch`",
            "{ p = 0.5 }: missing key `cpu` or `io` or `wait` or `call` or `query` or `publish` or `start` or `parallel` or `branch`||",
            "op: `op` needs `query`||",
            "size: `size` needs `call` or `query` or `publish` or `start`||",
            "timeout: `timeout` needs `call` or `query` or `start`||",
            "await: `await` needs `start`||",
            "{ cal = 'a' }: missing key `cpu` or `io` or `wait` or `call` or `query` or `publish` or `start` or `parallel` or `branch`||",
            "cal: unknown key `cal`||did you mean `call`?",
        ]
    );
}

#[test]
fn probabilities_are_at_most_one() {
    let wait = "steps = [{ wait = '1s' }]";
    assert_eq!(
        said_of(&format!(
            "[[service]]\nname = 'a'\nsteps = [{{ wait = '1s', p = 1.5 }}, {{ wait = '1s', p = '-3%' }}, {{ wait = '1s', repeat = 0 }}]\n\
             [[service]]\nname = 'b'\nsteps = [{{ branch = [{{ p = 2, {wait} }}] }}]"
        )),
        [
            "1.5: share out of range|allowed: 0 to 1|",
            "'-3%': share out of range|allowed: 0 to 1|",
            "0: number out of range|allowed: 1 to 1000|",
            "2: share out of range|allowed: 0 to 1|",
        ]
    );
    let sum = said_of(&format!(
        "[[service]]\nname = 'a'\nsteps = [{{ branch = [{{ p = 0.75, {wait} }}, {{ p = 0.5, {wait} }}] }}]"
    ));
    assert_eq!(
        sum,
        [
            "[{ p = 0.75, steps = [{ wait = '1s' }] }, { p = 0.5, steps = [{ wait = '1s' }] }]: the probabilities of these \
          ways add up to 1.25|allowed: at most 1|"
        ]
    );
    let tenths = vec![format!("{{ p = 0.1, {wait} }}"); 10].join(", ");
    assert_eq!(said_of(&format!("[[service]]\nname = 'a'\nsteps = [{{ branch = [{tenths}] }}]")), [""; 0]);
}

#[test]
fn requests_that_go_round_without_end_are_shown_their_round() {
    let help = "a round ends when fewer than one visit comes of each on average: give a step in it `p`, or `only`";
    assert_eq!(
        said_of(
            "[[service]]\nname = 'a'\nsteps = [{ cpu = '1ms' }, { call = 'b' }]\n\
             [[service]]\nname = 'b'\nsteps = [{ parallel = [{ wait = '1s' }, { call = 'a' }] }]"
        ),
        [format!("'b': requests go round without end: a -> b -> a||{help}")]
    );
    // Through a workflow and a queue.
    assert_eq!(
        said_of(
            "[[service]]\nname = 'a'\nsteps = [{ start = 'w' }]\n[[service]]\nname = 'b'\nsteps = [{ publish = 'q' }]\n\
             [[workflow]]\nname = 'w'\nsteps = [{ call = 'b' }]\n[[queue]]\nname = 'q'\nconsumer = 'b'"
        ),
        [format!("'q': requests go round without end: b -> q -> b||{help}")]
    );
    assert_eq!(
        said_of(
            "[[service]]\nname = 'a'\nsteps = [{ start = 'w', await = false }]\n[[workflow]]\nname = 'w'\nsteps = [{ call = 'a' }]"
        ),
        [format!("'w': requests go round without end: a -> w -> a||{help}")]
    );
}

#[test]
fn a_round_that_ends_is_allowed() {
    for step in ["{ call = 'a', p = 0.9 }", "{ call = 'a', repeat = 3, p = 0.3 }", "{ call = 'a', only = ['other'] }"] {
        let text = format!(
            "{HEAD}[[class]]\nname = 'request'\nentry = 'a'\n[[class]]\nname = 'other'\nentry = 'b'\n\
             [[service]]\nname = 'a'\nsteps = [{step}]\n[[service]]\nname = 'b'\nsteps = [{{ cpu = 'class' }}]"
        );
        assert_eq!(said(&text), [""; 0], "{step}");
    }
    let endless = said_of("[[service]]\nname = 'a'\nsteps = [{ call = 'a', repeat = 4, p = 0.25 }]");
    assert!(endless[0].contains("without end: a -> a"), "{endless:?}");
}

#[test]
fn work_that_no_step_does_is_told() {
    let text = format!(
        "{HEAD}[[class]]\nname = 'read'\ncpu = '1ms'\n[[class]]\nname = 'write'\ncpu = '1ms'\nio = '1ms'\n\
         [[service]]\nname = 'a'\nsteps = [{{ cpu = 'class', only = ['read'] }}, {{ io = '2ms' }}]"
    );
    assert_eq!(said(&text), ["no step does the `cpu` of class `write`", "no step does the `io` of class `write`"]);
}

#[test]
fn what_no_request_reaches_is_told() {
    assert_eq!(
        said_of(
            "[[service]]\nname = 'a'\n[[service]]\nname = 'b'\nsteps = [{ publish = 'q' }]\n[[queue]]\nname = 'q'\nconsumer = 'a'\n\
             [[store]]\nname = 'orders'"
        ),
        [
            "no request reaches the service `b`",
            "no request reaches the queue `q`",
            "no request reaches the store `orders`"
        ]
    );
}

#[test]
fn a_service_that_nobody_wrote_needs_no_word() {
    assert_eq!(said(&format!("{HEAD}class.entry = 'store:orders'\nstore.name = 'orders'\n")), [""; 0]);
}

#[test]
fn with_several_services_entries_and_steps_are_said() {
    assert_eq!(
        said(&format!("{HEAD}class.cpu = '1ms'\n[[service]]\nname = 'a'\n[[service]]\nname = 'b'\n")),
        [
            "class.cpu = '1ms': the class `request` does not say which service it enters||`entry` is one of: a, b",
            "'a': the service `a` says no steps||only a service that a class enters has default ones: its cpu, then its io",
            "'b': the service `b` says no steps||only a service that a class enters has default ones: its cpu, then its io",
        ]
        .map(|line| line.replacen("class.cpu = '1ms'", "class", 1))
    );
}

#[test]
fn workflows_have_steps_and_no_cpu() {
    assert_eq!(
        said_of(
            "service = { name = 'a', steps = [{ start = 'w' }, { parallel = [{ cpu = '1ms' }, { parallel = [{ wait = '1s' }] }] }] }\n\
             [[workflow]]\nname = 'w'\n[[workflow]]\nname = 'v'\nsteps = []"
        )
        .iter()
        .map(|line| line.split_once(": ").unwrap().1)
        .collect::<Vec<_>>(),
        [
            "missing key `steps`||what it does, in order: a workflow calls and waits, and has no cpu and io: an array, each a \
             table",
            "expected an array, each a table|0 elements|",
        ]
    );
    assert_eq!(
        said_of(
            "service = { name = 'a', steps = [{ start = 'w' }, { parallel = [{ cpu = '1ms' }, { parallel = [{ wait = '1s' }] }] }] }\n\
             [[workflow]]\nname = 'w'\nsteps = [{ cpu = '1ms' }, { wait = '1s' }, { io = 'class' }]"
        ),
        [
            "cpu: `cpu` cannot be one of several at once||calls, queries, publications, starts and waiting can; CPU is used \
             at once by `class.threads`",
            "parallel: `parallel` cannot be one of several at once||calls, queries, publications, starts and waiting can; \
             CPU is used at once by `class.threads`",
            "cpu: a workflow has no `cpu`||it calls services that do, and waits with `wait`",
            "io: a workflow has no `io`||it calls services that do, and waits with `wait`",
        ]
    );
}

#[test]
fn names_are_unique_and_queues_and_faults_complete() {
    assert_eq!(
        said(&format!(
            "{HEAD}class.cpu = '1ms'\nservice = {{ name = 'vm' }}\n\
             [[store]]\nname = 's'\n[[store]]\nname = 's'\nkind = 'documnt'\n\
             [[queue]]\nname = 'q'\nkind = 'topic'\nconsumer = 'vm'\n\
             [[fault]]\nkind = 'slow'\ntarget = 'vm'\nat = '1h'\nfor = '1s'\n\
             [[fault]]\nkind = 'reclaim'\nshare = 1.5\ntarget = 's'\n[[fault]]\nkind = 'zone-los'\nat = '1h'\n\
             [[fault]]\nkind = 'deploy'\nat = '1h'\ncron = '0 8 * * *'\n"
        ))
        .iter()
        .map(|line| line.split('|').next().unwrap())
        .collect::<Vec<_>>(),
        [
            "'s': the name `s` is given twice",
            "'documnt': unknown word `documnt`",
            "[[queue]]: missing key `consumers`",
            "consumer: unknown key `consumer`",
            "[[fault]]: missing key `factor`",
            "'vm': `vm` is a service and a deployment",
            "[[fault]]: missing key `at` or `cron`",
            "1.5: share out of range",
            "'zone-los': unknown kind `zone-los`",
            "cron: `at` and `cron` exclude each other",
        ]
    );
    assert_eq!(
        said(
            &SHOP
                .replace("kind = \"slow\"\nfactor = 5", "kind = \"reclaim\"\nshare = 0.5")
                .replace("at = \"1h\"\nfor = \"10s\"", "at = \"1h\"")
        ),
        ["\"orders\": `orders` is a store, and `reclaim` is of instances||a store can be slow or fail"]
    );
    assert_eq!(
        said(
            &SHOP.replace(
                "kind = \"slow\"\nfactor = 5\ntarget = \"orders\"",
                "kind = \"zone-loss\"\ntarget = \"price\""
            )
        ),
        [
            "\"price\": `price` is a service, and a zone is lost with all that is in it||name a deployment, or take some of its \
          instances: `reclaim`"
        ]
    );
    assert_eq!(said(&SHOP.replace("\"15m\"]", "\"3h\"]")), ["this is after the run ends: it never comes"]);
}

#[test]
fn a_service_on_a_deployment_says_what_is_wrong_with_it_alone() {
    let text = SHOP
        .replace(
            "service.price = { autoscaler = { max = 7 } }",
            "service.price = { autoscaler = { max = 1 }, meter = {} }",
        )
        .replace("instance = { vcpu = 0.5 }", "instance = { vcpu = 0.5, cpus = 2 }");
    assert_eq!(
        said(&text),
        [
            "2: `min` is above `max`||`max` is 1",
            "cpus: unknown key `cpus`||valid: vcpu, class, type, memory, vcpu_limit, memory_limit, cpu_speed, start_vcpu",
            "meter: unknown key `meter`||valid: instance, fleet, autoscaler",
        ]
        .map(str::to_owned)
    );
    // What is wrong with the deployment is said once, not for every service.
    assert_eq!(said(&SHOP.replace("instance.memory = \"1GiB\"", "instance.memory = \"1GiX\"")).len(), 1);
}

#[test]
fn more_steps_than_a_program_holds_are_refused() {
    let told = said_of(
        "service = { name = 'a', steps = [{ branch = [{ p = 1, steps = [{ wait = '1s', repeat = 1000 }] }], repeat = 1000 }] }",
    );
    assert_eq!(told.len(), 1);
    assert!(told[0].ends_with("with every repetition these are 1002001 steps||at most 10000"), "{told:?}");
}
