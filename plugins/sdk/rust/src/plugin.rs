//! What an author writes against.

use std::io::{Read, Write};
use std::process;
use std::sync::Arc;

use serde_json::Value;

use crate::action::Action;
use crate::call::{Body, Call, Choice, RequestHead, ResponseHead};
use crate::error::Result;
use crate::exchange::Kept;
use crate::host::Host;
use crate::needs::Needs;
use crate::protocol::{
    Attributes, BodyParams, BodyPhase, BodyPhaseMode, ChooseUpstreamParams, EndpointsPhase, LogPhase, Match, PluginCapabilities,
    PluginDescription, RequestHeadParams, ResponseHeadParams, TickPhase,
};
use crate::session::Session;
use crate::stdio;
use crate::stream::{End, Stream};
use crate::watch::Watch;

const COOKIE: &str = "stdio-jsonrpc-1";

type Handler<S, P> = dyn Fn(&Call<S, P>) -> Result<Action> + Send + Sync;

pub(crate) struct Phase<S, P> {
    pub handler: Box<Handler<S, P>>,
    pub is_quick: bool,
}

/// A body is buffered or streamed.
pub(crate) enum BodyHandler<S> {
    Buffered(Arc<Phase<S, BodyParams>>),
    Streamed(Arc<StreamHandler<S>>),
}

pub(crate) type StreamHandler<S> = dyn Fn(&Stream<S>) -> Result<End> + Send + Sync;
type ReadConfig<S> = dyn Fn(Value) -> Result<S> + Send + Sync;
type Prepare = dyn Fn(&Host, &mut PluginDescription) -> Result<()> + Send + Sync;
type Done = dyn Fn(&Host, &Kept) + Send + Sync;
type Log = dyn Fn(&Host, &[Attributes], u64) + Send + Sync;
type Tick<S> = dyn Fn(&Host, &S, u64) + Send + Sync;
type Endpoints = dyn Fn(&Watch) -> Result<()> + Send + Sync;

pub(crate) struct Handlers<S> {
    pub read_config: Box<ReadConfig<S>>,
    pub prepare: Option<Box<Prepare>>,
    pub request_head: Option<Arc<Phase<S, RequestHeadParams>>>,
    pub request_body: Option<BodyHandler<S>>,
    pub response_head: Option<Arc<Phase<S, ResponseHeadParams>>>,
    pub response_body: Option<BodyHandler<S>>,
    pub choose_upstream: Option<Arc<Phase<S, ChooseUpstreamParams>>>,
    pub log: Option<Box<Log>>,
    pub tick: Option<Box<Tick<S>>>,
    pub endpoints: Option<Box<Endpoints>>,
    pub done: Option<Box<Done>>,
    pub ends: Vec<Box<dyn Fn() + Send + Sync>>,
    /// None: the host's limit of calls.
    pub threads: Option<usize>,
}

/// Give it handlers, then `run`. `S` is what the config of a use is read to.
///
/// Handlers run on threads and may wait, but for those that were said to be quick.
pub struct Plugin<S = ()> {
    description: PluginDescription,
    handlers: Handlers<S>,
}

impl Plugin<()> {
    /// A plugin without a config.
    pub fn new(name: &str, version: &str) -> Self {
        Self::with_config(name, version, |_| Ok(()))
    }
}

impl<S: Send + Sync + 'static> Plugin<S> {
    /// `read` makes the settings of a use of its config; an error refuses it. Where the plugin has no config of its own, it is
    /// called with null when a call needs that.
    pub fn with_config(name: &str, version: &str, read: impl Fn(Value) -> Result<S> + Send + Sync + 'static) -> Self {
        let capabilities = Some(PluginCapabilities { binary: Some(true), text: Some(true) });
        let description =
            PluginDescription { name: name.into(), version: version.into(), capabilities, ..PluginDescription::default() };
        let handlers = Handlers {
            read_config: Box::new(read),
            prepare: None,
            request_head: None,
            request_body: None,
            response_head: None,
            response_body: None,
            choose_upstream: None,
            log: None,
            tick: None,
            endpoints: None,
            done: None,
            ends: Vec::new(),
            threads: None,
        };
        Self { description, handlers }
    }

    /// A further alternative of the requests that the plugin has to do with. None: all requests.
    pub fn matching(mut self, alternative: Match) -> Self {
        self.description.r#match.get_or_insert_with(Vec::new).push(alternative);
        self
    }

    /// JSON Schema (2020-12) of the config of each use: an object.
    pub fn config_schema(mut self, schema: Value) -> Self {
        if let Value::Object(members) = schema {
            self.description.config_schema = Some(members.into_iter().collect());
        }
        self
    }

    /// How many handlers run at once; otherwise the host's limit of calls, at most 64.
    pub fn threads(mut self, threads: usize) -> Self {
        self.handlers.threads = Some(threads);
        self
    }

    pub fn request_head(
        mut self,
        needs: Needs,
        handler: impl Fn(&RequestHead<S>) -> Result<Action> + Send + Sync + 'static,
    ) -> Self {
        self.description.phases.request_head = Some(needs.head());
        self.handlers.request_head = Some(Arc::new(Phase { handler: Box::new(handler), is_quick: needs.is_quick }));
        self
    }

    pub fn response_head(
        mut self,
        needs: Needs,
        handler: impl Fn(&ResponseHead<S>) -> Result<Action> + Send + Sync + 'static,
    ) -> Self {
        self.description.phases.response_head = Some(needs.head());
        self.handlers.response_head = Some(Arc::new(Phase { handler: Box::new(handler), is_quick: needs.is_quick }));
        self
    }

    /// The whole body at once.
    pub fn request_body(mut self, needs: Needs, handler: impl Fn(&Body<S>) -> Result<Action> + Send + Sync + 'static) -> Self {
        self.description.phases.request_body = Some(needs.body());
        let phase = Phase { handler: Box::new(handler), is_quick: needs.is_quick };
        self.handlers.request_body = Some(BodyHandler::Buffered(Arc::new(phase)));
        self
    }

    /// The whole body at once.
    pub fn response_body(mut self, needs: Needs, handler: impl Fn(&Body<S>) -> Result<Action> + Send + Sync + 'static) -> Self {
        self.description.phases.response_body = Some(needs.body());
        let phase = Phase { handler: Box::new(handler), is_quick: needs.is_quick };
        self.handlers.response_body = Some(BodyHandler::Buffered(Arc::new(phase)));
        self
    }

    /// The body piece by piece, on a thread of its own.
    pub fn request_stream(mut self, handler: impl Fn(&Stream<S>) -> Result<End> + Send + Sync + 'static) -> Self {
        self.description.phases.request_body = Some(streamed());
        self.handlers.request_body = Some(BodyHandler::Streamed(Arc::new(handler)));
        self
    }

    /// The body piece by piece, on a thread of its own.
    pub fn response_stream(mut self, handler: impl Fn(&Stream<S>) -> Result<End> + Send + Sync + 'static) -> Self {
        self.description.phases.response_body = Some(streamed());
        self.handlers.response_body = Some(BodyHandler::Streamed(Arc::new(handler)));
        self
    }

    /// The address of one of the hosts, or None for the cluster's own policy.
    pub fn choose_upstream(
        mut self,
        needs: Needs,
        handler: impl Fn(&Choice<S>) -> Result<Option<String>> + Send + Sync + 'static,
    ) -> Self {
        self.description.phases.choose_upstream = Some(needs.choice());
        let handler = move |call: &Choice<S>| {
            let mut action = Action::new();
            action.message.host = handler(call)?;
            Ok(action)
        };
        self.handlers.choose_upstream = Some(Arc::new(Phase { handler: Box::new(handler), is_quick: needs.is_quick }));
        self
    }

    /// Exchanges that have ended, and how many could not be told. One call after the other.
    pub fn log(mut self, phase: LogPhase, handler: impl Fn(&Host, &[Attributes], u64) + Send + Sync + 'static) -> Self {
        self.description.phases.log = Some(phase);
        self.handlers.log = Some(Box::new(handler));
        self
    }

    /// Every so many milliseconds, at least 100; the last argument is the time in milliseconds since 1970. A tick that comes
    /// while the last is still at work is left out.
    pub fn tick(mut self, every_ms: u64, handler: impl Fn(&Host, &S, u64) + Send + Sync + 'static) -> Self {
        self.description.phases.tick = Some(TickPhase { every_ms });
        self.handlers.tick = Some(Box::new(handler));
        self
    }

    /// Sends lists of endpoints, and returns when `watch.wait` says that they are not wanted any more.
    pub fn endpoints(mut self, handler: impl Fn(&Watch) -> Result<()> + Send + Sync + 'static) -> Self {
        self.description.phases.endpoints = Some(EndpointsPhase {});
        self.handlers.endpoints = Some(Box::new(handler));
        self
    }

    /// Called before `initialize` is answered; may change the answer.
    pub fn on_start(mut self, prepare: impl Fn(&Host, &mut PluginDescription) -> Result<()> + Send + Sync + 'static) -> Self {
        self.handlers.prepare = Some(Box::new(prepare));
        self
    }

    /// Called when an exchange is over, with what its phases have kept. The host says so where the plugin asks for more than
    /// one phase of an exchange, or for a streamed body.
    pub fn on_done(mut self, done: impl Fn(&Host, &Kept) + Send + Sync + 'static) -> Self {
        self.handlers.done = Some(Box::new(done));
        self
    }

    /// Called before the plugin ends on demand. It has less than two seconds.
    pub fn on_shutdown(mut self, end: impl Fn() + Send + Sync + 'static) -> Self {
        self.handlers.ends.push(Box::new(end));
        self
    }

    /// Serves the host on standard input and output, and ends the process.
    pub fn run(self) -> ! {
        if std::env::args().skip(1).any(|argument| argument == "--describe") {
            println!("{}", serde_json::to_string(&self.description).unwrap_or_default());
            process::exit(0);
        }
        if std::env::var("WEIR_PLUGIN").as_deref() != Ok(COOKIE) {
            let PluginDescription { name, version, .. } = &self.description;
            eprintln!("{name} {version} is a plugin of Weir: name it under plugins in Weir's config");
            process::exit(1);
        }
        match stdio::claim() {
            Ok((input, output)) => process::exit(self.serve(Box::new(input), Box::new(output))),
            Err(fault) => {
                eprintln!("give the plugin a standard input and output: {fault}");
                process::exit(1);
            }
        }
    }

    /// Serves a host on two ends until it goes. The exit code. For tests; `run` is for programs.
    pub fn serve(self, input: Box<dyn Read>, output: Box<dyn Write + Send>) -> i32 {
        Session::new(self.description, self.handlers, input, output).serve()
    }
}

fn streamed() -> BodyPhase {
    BodyPhase { mode: Some(BodyPhaseMode::Streamed), limit_bytes: None }
}
