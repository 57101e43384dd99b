// The example calls of the published reference as their readers run them in a page of the application's own origin: relative
// addresses, and a fetch that adds the token, as the application's own does. Arguments: address of the face, token.

import { createRequire } from 'node:module';

const { EventSource } = createRequire(import.meta.url)(process.env.EVENTSOURCE_MODULE);

const [address, token] = process.argv.slice(2);
const tell = (name, value) => console.log(JSON.stringify({ name, value }));
const plainFetch = globalThis.fetch;
const statuses = [];
const fetch = async (path, options = {}) => {
  const headers = { Authorization: `Bearer ${token}`, ...options.headers };
  const response = await plainFetch(new URL(address + path), { ...options, headers });
  statuses.push(response.status);
  return response;
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const refreshAuth = async () => tell('refreshed', true);

async function createJob(jobData) {
  try {
    const response = await fetch('/api/jobs', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Authorization': `Bearer ${token}`
      },
      body: JSON.stringify(jobData)
    });

    if (!response.ok) {
      const error = await response.json();

      switch (error.code) {
        case 'RATE_LIMIT_EXCEEDED':
          // Wait and retry
          await sleep(error.retryAfter * 1000);
          return createJob(jobData);

        case 'UNAUTHORIZED':
          // Refresh token
          await refreshAuth();
          return createJob(jobData);

        default:
          throw new Error(error.message);
      }
    }

    return await response.json();
  } catch (error) {
    console.error('Failed to create job:', error);
    throw error;
  }
}

class ApiClient {
  async request(url, options) {
    let retries = 3;

    while (retries > 0) {
      const response = await fetch(url, options);

      if (response.status === 429) {
        const retryAfter = response.headers.get('Retry-After');
        await sleep(retryAfter * 1000);
        retries--;
        continue;
      }

      return response;
    }

    throw new Error('Max retries exceeded');
  }
}

function validateJobData(data) {
  if (!data.userId) {
    throw new Error('userId is required');
  }

  if (!data.prompt || data.prompt.length < 10) {
    throw new Error('prompt must be at least 10 characters');
  }

  if (!data.platforms || data.platforms.length === 0) {
    throw new Error('At least one platform is required');
  }

  const validPlatforms = [
    'instagram-post', 'instagram-story',
    'twitter-post', 'facebook-post'
  ];

  for (const platform of data.platforms) {
    if (!validPlatforms.includes(platform)) {
      throw new Error(`Invalid platform: ${platform}`);
    }
  }
}

async function createJobWithRetry(data, maxRetries = 3) {
  for (let i = 0; i < maxRetries; i++) {
    try {
      return await createJob(data);
    } catch (error) {
      if (i === maxRetries - 1) throw error;

      // Exponential backoff: 1s, 2s, 4s
      const delay = Math.pow(2, i) * 1000;
      await sleep(delay);
    }
  }
}

function createJobWithTimeout(data, timeout = 60000) {
  return Promise.race([
    createJob(data),
    new Promise((_, reject) =>
      setTimeout(() => reject(new Error('Timeout')), timeout).unref()
    )
  ]);
}

const data = {
  userId: '550e8400-e29b-41d4-a716-446655440000',
  prompt: 'A beautiful sunset over mountains',
  platforms: ['instagram-post', 'twitter-post'],
  options: {
    quality: 'hd',
    style: 'vivid'
  }
};
validateJobData(data);
const made = await createJobWithTimeout(data);
tell('created', made);
const { jobId } = made;

await new Promise((resolve, reject) => {
  const eventSource = new EventSource(
    `${address}/api/sse/jobs/${jobId}`
  );

  eventSource.onmessage = (event) => {
    const data = JSON.parse(event.data);

    switch (data.type) {
      case 'connected':
        tell('connected', data.jobId);
        break;

      case 'progress':
        tell('progress', data.progress);
        break;

      case 'done':
        tell('done', data.result.images);
        eventSource.close();
        resolve();
        break;
    }
  };

  eventSource.onerror = (error) => {
    eventSource.close();
    reject(error);
  };
});

tell('job', await (await fetch(`/api/jobs/${jobId}`)).json());
tell('list', await (await fetch('/api/jobs?status=completed&limit=10')).json());
tell('stats', await fetch('/api/queue/stats').then(r => r.json()));
tell('cancel', await (await fetch(`/api/jobs/${jobId}/cancel`, { method: 'DELETE' })).json());
tell('retry', await (await fetch(`/api/jobs/${jobId}/retry`, { method: 'POST' })).json());

const short = { ...data, prompt: 'short' };
try {
  validateJobData(short);
} catch (error) {
  tell('own words', error.message);
}
tell('refused', await createJobWithRetry(short, 1).catch((error) => error.message));

const client = new ApiClient();
for (let n = 0; n < 45; n++) {
  const response = await client.request('/api/jobs?limit=1', {});
  if (!response.ok) throw new Error(`request ${n}: ${response.status}`);
}
tell('limited', statuses.filter((status) => status === 429).length);

await client.request('/api/queue/clean', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({
    grace: 86400000, // 24 hours in ms
    status: 'completed'
  })
}).then(async (response) => tell('cleaned', await response.json()));
