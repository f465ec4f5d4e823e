// A member of a group with kafkajs: BOOTSTRAP TOPIC GROUP SESSION_MS HEARTBEAT_MS
const { Kafka, AssignerProtocol, logLevel } = require('kafkajs')

const [bootstrap, topic, group, session, heartbeat] = process.argv.slice(2)

function say(...words) {
  process.stdout.write([Date.now(), ...words].join(' ') + '\n')
}

// kafkajs has only an assigner of its own; this is the one called range that all
// other clients know.
function range({ cluster }) {
  return {
    name: 'range',
    version: 0,
    protocol({ topics }) {
      return {
        name: this.name,
        metadata: AssignerProtocol.MemberMetadata.encode({
          version: this.version, topics, userData: Buffer.alloc(0) }),
      }
    },
    async assign({ members, topics }) {
      const all = {}
      for (const m of members) all[m.memberId] = {}
      for (const t of topics) {
        const wanting = members
          .filter(m => AssignerProtocol.MemberMetadata.decode(m.memberMetadata).topics.includes(t))
          .map(m => m.memberId)
          .sort()
        const partitions = cluster.findTopicPartitionMetadata(t)
          .map(p => p.partitionId)
          .sort((a, b) => a - b)
        const each = Math.floor(partitions.length / wanting.length)
        const more = partitions.length % wanting.length
        let next = 0
        wanting.forEach((id, i) => {
          const count = each + (i < more ? 1 : 0)
          all[id][t] = partitions.slice(next, next + count)
          next += count
        })
      }
      return members.map(m => ({
        memberId: m.memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: this.version, assignment: all[m.memberId], userData: Buffer.alloc(0) }),
      }))
    },
  }
}

async function main() {
  const kafka = new Kafka({
    clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.WARN,
    logCreator: () => ({ log }) => console.log(log.message, log.error || ''),
    retry: { initialRetryTime: 100, retries: 50 },
  })
  const consumer = kafka.consumer({
    groupId: group, partitionAssigners: [range], sessionTimeout: Number(session),
    heartbeatInterval: Number(heartbeat), rebalanceTimeout: 30000, maxWaitTimeInMs: 200,
  })
  let owned = []
  const revoke = () => {
    for (const p of owned) say('revoked', p)
    owned = []
  }
  consumer.on(consumer.events.REBALANCING, revoke)
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    revoke()
    owned = payload.memberAssignment[topic] || []
    for (const p of owned) say('assigned', p)
  })
  process.on('SIGTERM', async () => {
    await consumer.disconnect()
    revoke()
    process.exit(0)
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat, isRunning, isStale }) => {
      if (!isRunning() || isStale()) return
      for (const m of batch.messages) {
        say('consumed', batch.partition, m.offset, m.value.toString())
        resolveOffset(m.offset)
      }
      const next = (BigInt(batch.messages[batch.messages.length - 1].offset) + 1n).toString()
      await consumer.commitOffsets([{ topic, partition: batch.partition, offset: next }])
      say('committed', batch.partition, next)
      await heartbeat()
    },
  })
}

main().catch(error => {
  console.log('ended:', error)
  process.exit(1)
})
