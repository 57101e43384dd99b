// EventSource of the HTML standard (section 9.2), for a node that has none: connects again after an end, and stops at 204.

export class EventSource {
  constructor(url) {
    this.url = url;
    this.readyState = 0;
    this.onmessage = null;
    this.onerror = null;
    this.lastEventId = '';
    this.retry = 3000;
    this.abort = new AbortController();
    this.#connect();
  }

  close() {
    this.readyState = 2;
    this.abort.abort();
  }

  #fail(message) {
    this.readyState = 2;
    this.onerror?.({ message });
  }

  async #connect() {
    const headers = { Accept: 'text/event-stream' };
    if (this.lastEventId) headers['Last-Event-ID'] = this.lastEventId;
    try {
      const response = await fetch(this.url, { headers, signal: this.abort.signal });
      const kind = response.headers.get('content-type') ?? '';
      if (response.status !== 200 || !kind.startsWith('text/event-stream')) {
        this.#fail(`status ${response.status}`);
        return;
      }
      this.readyState = 1;
      await this.#read(response.body.pipeThrough(new TextDecoderStream()));
    } catch (error) {
      if (this.readyState === 2) return;
    }
    if (this.readyState === 2) return;
    this.readyState = 0;
    setTimeout(() => this.readyState === 0 && this.#connect(), this.retry);
  }

  async #read(chunks) {
    let text = '';
    let data = [];
    let id = this.lastEventId;
    for await (const chunk of chunks) {
      text += chunk;
      const lines = text.split(/\r\n|\n|\r/);
      text = lines.pop();
      for (const line of lines) {
        if (line === '') {
          this.lastEventId = id;
          if (data.length) this.onmessage?.({ data: data.join('\n'), lastEventId: id });
          data = [];
        } else if (!line.startsWith(':')) {
          const [, field, value] = /^([^:]*)(?:: ?(.*))?$/.exec(line);
          if (field === 'data') data.push(value ?? '');
          else if (field === 'id') id = value ?? '';
          else if (field === 'retry' && /^\d+$/.test(value)) this.retry = Number(value);
        }
      }
    }
  }
}
