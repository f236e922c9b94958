//! One life of a plugin: reads messages, calls handlers, writes answers.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process;
use std::sync::mpsc::{channel, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::call::{Call, Cancel};
use crate::error::{code, Result};
use crate::exchange::Kept;
use crate::host::Host;
use crate::link::{Link, MESSAGE_BYTES};
use crate::plugin::{BodyHandler, Handlers, Phase};
use crate::pool::{locked, Pool, Serial};
use crate::protocol::{
    BodyParams, CancelParams, ConfigureParams, DataParams, DoneParams, Empty, ErrorObject, InitializeParams, InitializeResult,
    LogParams, Phases, PluginDescription, TakenParams, TickParams, UnconfigureParams, UnwatchEndpointsParams,
    WatchEndpointsParams,
};
use crate::reader::{body_of, Message, Reader};
use crate::shared::{caught, work, Shared};
use crate::stream::Core;
use crate::watch::{Left, Watch};

const PROTOCOL: u64 = 1;
const STREAM_WINDOW: usize = 262_144;
const CONCURRENCY: usize = 16;
const MOST_THREADS: usize = 64;
const MOST_STREAMS: usize = 4096;
const LOG_MESSAGES: usize = 64;
const LAST: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Exchange {
    kept: Arc<Kept>,
    request: Option<Arc<Core>>,
    response: Option<Arc<Core>>,
}

/// Everything here but what a pool runs happens on the reader's thread, which never waits for a handler.
pub struct Session<S> {
    shared: Arc<Shared<S>>,
    reader: Option<Reader>,
    calls: Pool,
    streams: Pool,
    logs: Serial,
    lost: u64,
    ticks: HashMap<u64, Serial>,
    window: usize,
    exchanges: HashMap<u64, Exchange>,
    /// Whether the host says when an exchange is over, so that something can be kept until then.
    keeps: bool,
    watches: HashMap<u64, Arc<Left>>,
    is_over: bool,
    /// There when the host has asked for the end: says when the author's last things are done.
    ended: Option<Receiver<()>>,
    agreed_bytes: usize,
}

/// Params that can't be taken.
struct Refused(String);

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self(why)
    }
}

type Taken = std::result::Result<(), Refused>;

impl<S: Send + Sync + 'static> Session<S> {
    pub fn new(
        description: PluginDescription,
        handlers: Handlers<S>,
        input: Box<dyn Read>,
        output: Box<dyn Write + Send>,
    ) -> Self {
        let link = Arc::new(Link::new(output));
        let host = Host::new(link.clone());
        let calls = Pool::new(CONCURRENCY);
        let keeps = keeps_exchanges(&description.phases, &handlers);
        let shared = Shared { description, handlers, link, host, settings: Mutex::default(), open: Mutex::default() };
        Self {
            shared: Arc::new(shared),
            reader: Some(Reader::new(input, MESSAGE_BYTES)),
            logs: Serial::new(calls.clone(), LOG_MESSAGES),
            calls,
            streams: Pool::new(MOST_STREAMS),
            lost: 0,
            ticks: HashMap::new(),
            window: STREAM_WINDOW,
            exchanges: HashMap::new(),
            keeps,
            watches: HashMap::new(),
            is_over: false,
            ended: None,
            agreed_bytes: MESSAGE_BYTES,
        }
    }

    /// Until the end of the input or a shutdown. The exit code.
    pub fn serve(mut self) -> i32 {
        let Some(mut reader) = self.reader.take() else { return 1 };
        let link = self.shared.link.clone();
        let exit = loop {
            match reader.next(|| link.flush(), |message, frame| self.take(message, frame)) {
                Ok(Some(())) if self.is_over => break 0,
                Ok(Some(())) => reader.message_bytes = self.agreed_bytes,
                Ok(None) => {
                    let _ = self.ended.take().map(|ended| ended.recv_timeout(LAST));
                    break 0;
                }
                Err(fault) => {
                    eprintln!("{}", fault.0);
                    break 1;
                }
            }
        };
        link.drain();
        self.leave();
        exit
    }

    fn leave(&mut self) {
        for cancel in locked(&self.shared.open).values() {
            cancel.cancel();
        }
        for exchange in self.exchanges.values() {
            exchange.end();
        }
        for watch in self.watches.values() {
            watch.leave();
        }
        self.shared.host.close();
    }

    fn take(&mut self, message: Message<'_>, frame: Option<&[u8]>) {
        let Some(method) = message.method.as_deref() else {
            if let Some(id) = message.id.and_then(|id| id.get().parse().ok()) {
                let answer = match message.error {
                    Some(ErrorObject { code, message }) => Err(ErrorObject { code, message }),
                    None => Ok((message.result.map_or("{}", RawValue::get).to_owned(), frame.map(<[u8]>::to_vec))),
                };
                self.shared.host.settle(id, answer);
            }
            return;
        };
        let taken = match message.id {
            Some(id) => self.request(method, id.get(), message.params, frame),
            None => self.notice(method, message.params, frame),
        };
        if let Err(Refused(why)) = taken {
            match message.id {
                Some(id) => self.shared.link.fail(id.get(), code::INVALID_PARAMS, &why, false),
                None => eprintln!("params of {method} that this plugin can't take: {why}"),
            }
        }
    }

    fn request(&mut self, method: &str, id: &str, params: Option<&RawValue>, frame: Option<&[u8]>) -> Taken {
        let shared = self.shared.clone();
        let handlers = &shared.handlers;
        match method {
            "requestHead" if handlers.request_head.is_some() => {
                let params = read::<crate::protocol::RequestHeadParams>(params)?;
                let at = (params.x, params.config, params.deadline_ms);
                self.call(&handlers.request_head, id, at, params, Vec::new())
            }
            "responseHead" if handlers.response_head.is_some() => {
                let params = read::<crate::protocol::ResponseHeadParams>(params)?;
                let at = (params.x, params.config, params.deadline_ms);
                self.call(&handlers.response_head, id, at, params, Vec::new())
            }
            "chooseUpstream" if handlers.choose_upstream.is_some() => {
                let params = read::<crate::protocol::ChooseUpstreamParams>(params)?;
                let at = (params.x, params.config, params.deadline_ms);
                self.call(&handlers.choose_upstream, id, at, params, Vec::new())
            }
            "requestBody" | "responseBody" => {
                let handler = if method == "requestBody" { &handlers.request_body } else { &handlers.response_body };
                let Some(BodyHandler::Buffered(phase)) = handler else { return self.unknown(id, method) };
                let mut params = read::<BodyParams>(params)?;
                let body = body_of(params.text.take(), params.base64.take(), frame)?;
                let at = (params.x, params.config, params.deadline_ms);
                self.call(&Some(phase.clone()), id, at, params, body)
            }
            "initialize" => self.initialize(id, read(params)?),
            "configure" => {
                let ConfigureParams { config, value } = read(params)?;
                self.reply(id, move |shared| {
                    let settings = Arc::new((shared.handlers.read_config)(value)?);
                    locked(&shared.settings).insert(config, Some(settings));
                    Ok(Empty {})
                });
                Ok(())
            }
            "ping" => {
                let _ = self.shared.link.answer(id, &Empty {}, None, false);
                Ok(())
            }
            "shutdown" => {
                self.shutdown(id);
                Ok(())
            }
            _ => self.unknown(id, method),
        }
    }

    fn unknown(&self, id: &str, method: &str) -> Taken {
        self.shared.link.fail(id, code::METHOD_NOT_FOUND, &format!("no method {method:.200}"), false);
        Ok(())
    }

    fn notice(&mut self, method: &str, params: Option<&RawValue>, frame: Option<&[u8]>) -> Taken {
        match method {
            "requestData" => self.data(true, read(params)?, frame),
            "responseData" => self.data(false, read(params)?, frame),
            "requestTaken" | "responseTaken" => {
                let TakenParams { x, bytes } = read(params)?;
                let exchange = self.exchanges.get(&x);
                let stream =
                    exchange.and_then(|e| if method == "requestTaken" { e.request.as_ref() } else { e.response.as_ref() });
                if let Some(stream) = stream {
                    stream.add_credit(bytes as usize);
                }
            }
            "cancel" => {
                let CancelParams { id } = read(params)?;
                if let Some(cancel) = locked(&self.shared.open).get(&id) {
                    cancel.cancel();
                }
            }
            "done" => self.done(read(params)?),
            "log" => self.log(read(params)?),
            "tick" => self.tick(read(params)?),
            "watchEndpoints" => self.watch(read(params)?),
            "unwatchEndpoints" => {
                let UnwatchEndpointsParams { watch } = read(params)?;
                if let Some(left) = self.watches.remove(&watch) {
                    left.leave();
                }
            }
            "unconfigure" => {
                let UnconfigureParams { config } = read(params)?;
                locked(&self.shared.settings).remove(&config);
                self.ticks.remove(&config);
            }
            _ => {}
        }
        Ok(())
    }

    fn initialize(&mut self, id: &str, params: InitializeParams) -> Taken {
        let range = &params.protocol;
        if !(range.min..=range.max).contains(&PROTOCOL) {
            return Err(Refused(format!("use a host that speaks protocol {PROTOCOL}: found {} to {}", range.min, range.max)));
        }
        let limits = params.limits.clone().unwrap_or_default();
        let binary = params.capabilities.as_ref().and_then(|c| c.binary).unwrap_or(false);
        self.agreed_bytes = limits.message_bytes.map_or(MESSAGE_BYTES, |bytes| bytes as usize);
        self.shared.link.agree(binary, self.agreed_bytes);
        self.window = limits.stream_window.map_or(STREAM_WINDOW, |bytes| bytes as usize);
        let concurrency = limits.concurrency.map_or(CONCURRENCY, |calls| calls as usize);
        self.calls.set_limit(self.shared.handlers.threads.unwrap_or(concurrency.min(MOST_THREADS)));
        let config = params.config.clone();
        self.shared.host.start(params);
        self.reply(id, move |shared| {
            let settings = config.map(|config| (shared.handlers.read_config)(config)).transpose()?;
            locked(&shared.settings).insert(0, settings.map(Arc::new));
            let mut said = shared.description.clone();
            if let Some(prepare) = &shared.handlers.prepare {
                prepare(&shared.host, &mut said)?;
            }
            let PluginDescription { name, version, capabilities, phases, r#match, config_schema } = said;
            Ok(InitializeResult { protocol: PROTOCOL, name, version, capabilities, phases, r#match, config_schema })
        });
        Ok(())
    }

    /// Answers on a thread of the pool.
    fn reply<R: serde::Serialize>(&self, id: &str, make: impl FnOnce(&Shared<S>) -> Result<R> + Send + 'static) {
        let (shared, id) = (self.shared.clone(), id.to_owned());
        self.calls.run(Box::new(move || {
            let made = caught(|| make(&shared)).and_then(|result| Ok(shared.link.answer(&id, &result, None, true)?));
            if let Err(fault) = made {
                shared.fail(&id, &*fault, true);
            }
        }));
    }

    fn call<P: Send + 'static>(
        &mut self,
        phase: &Option<Arc<Phase<S, P>>>,
        id: &str,
        (x, config, deadline_ms): (u64, u64, u64),
        params: P,
        body: Vec<u8>,
    ) -> Taken {
        let Some(phase) = phase else { return Ok(()) };
        let kept = if self.keeps { self.exchanges.entry(x).or_default().kept.clone() } else { Arc::default() };
        let until = Instant::now() + Duration::from_millis(deadline_ms);
        let cancel = Arc::new(Cancel::default());
        let (shared, id_text) = (self.shared.clone(), id.to_owned());
        let (handler, is_quick) = (phase.clone(), phase.is_quick);
        let run = {
            let cancel = cancel.clone();
            move || {
                let answered = shared.settings_of(config).and_then(|settings| {
                    let host = shared.host.clone();
                    let call = Call { params, settings, host, body, kept, cancel: cancel.clone(), until };
                    let (action, frame) = caught(|| (handler.handler)(&call))?.sent(shared.link.binary());
                    if !cancel.is_over() {
                        shared.link.answer(&id_text, &action, frame.as_deref(), !is_quick)?;
                    }
                    Ok(())
                });
                if let Err(fault) = answered {
                    shared.fail(&id_text, &*fault, !is_quick);
                }
            }
        };
        if is_quick {
            run();
            return Ok(());
        }
        let number: Option<u64> = id.parse().ok();
        if let Some(number) = number {
            locked(&self.shared.open).insert(number, cancel.clone());
        }
        let shared = self.shared.clone();
        self.calls.run(Box::new(move || {
            if !cancel.is_over() {
                run();
            }
            if let Some(number) = number {
                locked(&shared.open).remove(&number);
            }
        }));
        Ok(())
    }

    fn data(&mut self, is_request: bool, mut params: DataParams, frame: Option<&[u8]>) {
        let handler = if is_request { &self.shared.handlers.request_body } else { &self.shared.handlers.response_body };
        let Some(BodyHandler::Streamed(handler)) = handler else { return };
        let body = match body_of(params.text.take(), params.base64.take(), frame) {
            Ok(body) => body,
            Err(fault) => return eprintln!("a piece of a body: {fault}"),
        };
        let exchange = self.exchanges.entry(params.x).or_default();
        let kept = exchange.kept.clone();
        let place = if is_request { &mut exchange.request } else { &mut exchange.response };
        let core = place.get_or_insert_with(|| {
            let core = Arc::new(Core::new(self.shared.link.clone(), params.x, is_request, self.window));
            let (shared, handler, given) = (self.shared.clone(), handler.clone(), core.clone());
            self.streams.run(Box::new(move || work(&shared, &handler, given, params.config, kept)));
            core
        });
        core.feed(body, params.end.unwrap_or(false), params.trailers.unwrap_or_default());
    }

    fn done(&mut self, params: DoneParams) {
        let Some(exchange) = self.exchanges.remove(&params.x) else { return };
        exchange.end();
        if self.shared.handlers.done.is_some() {
            let shared = self.shared.clone();
            self.calls.run(Box::new(move || {
                if let Some(done) = &shared.handlers.done {
                    done(&shared.host, &exchange.kept);
                }
            }));
        }
    }

    fn log(&mut self, params: LogParams) {
        let lost = params.lost.unwrap_or(0) + self.lost;
        let count = params.records.len() as u64;
        let shared = self.shared.clone();
        let taken = self.logs.run(Box::new(move || {
            if let Some(log) = &shared.handlers.log {
                log(&shared.host, &params.records, lost);
            }
        }));
        self.lost = if taken { 0 } else { lost + count };
    }

    fn tick(&mut self, params: TickParams) {
        let shared = self.shared.clone();
        let serial = self.ticks.entry(params.config).or_insert_with(|| Serial::new(self.calls.clone(), 1));
        serial.run(Box::new(move || {
            let Some(tick) = &shared.handlers.tick else { return };
            match shared.settings_of(params.config) {
                Ok(settings) => tick(&shared.host, &settings, params.time),
                Err(fault) => eprintln!("{fault}"),
            }
        }));
    }

    fn watch(&mut self, params: WatchEndpointsParams) {
        let left = Arc::new(Left::default());
        if let Some(before) = self.watches.insert(params.watch, left.clone()) {
            before.leave();
        }
        let shared = self.shared.clone();
        let watch = Watch { link: shared.link.clone(), host: shared.host.clone(), params, left };
        self.streams.run(Box::new(move || {
            if let Some(Err(fault)) = shared.handlers.endpoints.as_ref().map(|handler| handler(&watch)) {
                eprintln!("endpoints of {}: {fault}", watch.cluster());
            }
        }));
    }

    fn shutdown(&mut self, id: &str) {
        if self.shared.handlers.ends.is_empty() {
            let _ = self.shared.link.answer(id, &Empty {}, None, false);
            self.is_over = true;
            return;
        }
        let (shared, id) = (self.shared.clone(), id.to_owned());
        let (tell, ended) = channel();
        self.ended = Some(ended);
        self.streams.run(Box::new(move || {
            for end in &shared.handlers.ends {
                let _ = catch_unwind(AssertUnwindSafe(end));
            }
            let _ = shared.link.answer(&id, &Empty {}, None, true);
            shared.link.drain();
            let _ = tell.send(());
            process::exit(0);
        }));
    }
}

impl Exchange {
    fn end(&self) {
        for stream in [&self.request, &self.response].into_iter().flatten() {
            stream.leave();
        }
    }
}

fn read<T: DeserializeOwned>(params: Option<&RawValue>) -> std::result::Result<T, Refused> {
    serde_json::from_str(params.map_or("{}", RawValue::get)).map_err(|fault| Refused(fault.to_string()))
}

fn keeps_exchanges<S>(phases: &Phases, handlers: &Handlers<S>) -> bool {
    let own = [
        phases.request_head.is_some(),
        phases.request_body.is_some(),
        phases.response_head.is_some(),
        phases.response_body.is_some(),
        phases.choose_upstream.is_some(),
    ];
    let is_streamed = |body: &Option<BodyHandler<S>>| matches!(body, Some(BodyHandler::Streamed(_)));
    own.iter().filter(|has| **has).count() > 1 || is_streamed(&handlers.request_body) || is_streamed(&handlers.response_body)
}
