// A browser program as users of the API write it: creates a job, follows its stream, prints what came as lines of JSON.
// Arguments: address of the face, token, how to follow ("sdk", or "open": a stream that the program never closes).

import { createRequire } from 'node:module';

const { EventSource } = createRequire(import.meta.url)(process.env.EVENTSOURCE_MODULE);

class SnapAssetClient {
  constructor(apiUrl, token) {
    this.apiUrl = apiUrl;
    this.token = token;
  }

  async createJob(data) {
    const response = await fetch(`${this.apiUrl}/api/jobs`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Authorization': `Bearer ${this.token}`
      },
      body: JSON.stringify(data)
    });

    if (!response.ok) {
      throw new Error(await response.text());
    }

    return response.json();
  }

  async getJob(jobId) {
    const response = await fetch(`${this.apiUrl}/api/jobs/${jobId}`, {
      headers: {
        'Authorization': `Bearer ${this.token}`
      }
    });

    return response.json();
  }

  streamJob(jobId, onUpdate, onComplete, onError) {
    const eventSource = new EventSource(
      `${this.apiUrl}/api/sse/jobs/${jobId}`
    );

    eventSource.onmessage = (event) => {
      const data = JSON.parse(event.data);

      if (data.type === 'progress') {
        onUpdate(data);
      } else if (data.type === 'done') {
        onComplete(data.result);
        eventSource.close();
      }
    };

    eventSource.onerror = (error) => {
      onError(error);
      eventSource.close();
    };

    return eventSource;
  }
}

const [address, token, manner] = process.argv.slice(2);
const tell = (name, value) => console.log(JSON.stringify({ name, value }));
const client = new SnapAssetClient(address, token);

const { jobId } = await client.createJob({
  userId: 'user-123',
  prompt: 'A beautiful sunset',
  platforms: ['instagram-post', 'custom-96x64']
});
tell('created', jobId);

if (manner === 'open') {
  const source = new EventSource(`${address}/api/sse/jobs/${jobId}`);
  source.onmessage = (event) => tell(JSON.parse(event.data).type, event.lastEventId);
  const ended = setInterval(() => {
    if (source.readyState === 2) {
      clearInterval(ended);
      tell('stopped', source.readyState);
    }
  }, 50);
} else {
  client.streamJob(
    jobId,
    (data) => tell('progress', data.progress),
    async (result) => {
      tell('completed', result);
      tell('job', await client.getJob(jobId));
    },
    (error) => tell('error', String(error?.message ?? error))
  );
}
