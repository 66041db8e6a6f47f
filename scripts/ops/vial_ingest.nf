// A process for Nextflow (DSL2, in the manner of an nf-core module): FASTQ files or an mzML file of one
// sample into a verified store. Checked by reading only, and its script block by running it filled in;
// `nextflow run` has not seen it.
//
//     include { VIAL_INGEST } from './vial_ingest'
//     VIAL_INGEST(channel.of([[id: 'S1', single_end: false],
//                             [file('S1_R1.fastq.gz'), file('S1_R2.fastq.gz')]]))
//
// meta.id      names the store, ID.h5; ext.prefix another name
// meta.sample  the sample, when it is called otherwise than meta.id
// meta.lane    the acquisition: a lane, a run; else the name of the file
// ext.args     more options, such as '--profile archive' or '--interleaved'
//
// A store of a work folder belongs to no bank. Into a bank goes a sheet: `vial ingest -b BANK --sheet FILE`,
// by hand or with slurm_array.sh.
process VIAL_INGEST {
    tag "${meta.id}"
    label 'process_medium'

    // 75 alone passes by itself. 65 is bad input, and would be so again; what is at work may finish.
    errorStrategy { task.exitStatus == 75 ? 'retry' : 'finish' }
    maxRetries 3

    input:
    tuple val(meta), path(reads)

    output:
    tuple val(meta), path("*.h5"), emit: store
    path "versions.yml"          , emit: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def prefix = task.ext.prefix ?: "${meta.id}"
    def sample = meta.sample ?: meta.id
    def lane = meta.lane ? "--acquisition '${meta.lane}'" : ''
    def memory = task.memory ? "--max-memory ${(long) (task.memory.toMega() * 0.75)}M" : ''
    """
    vial ingest \\
        --quiet \\
        --threads ${task.cpus} \\
        ${memory} \\
        --sample '${sample}' \\
        ${lane} \\
        ${args} \\
        --output '${prefix}.h5' \\
        ${reads}

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        vial: \$(vial version | sed 's/^vial //')
    END_VERSIONS
    """

    stub:
    def prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch '${prefix}.h5'

    cat <<-END_VERSIONS > versions.yml
    "${task.process}":
        vial: \$(vial version | sed 's/^vial //')
    END_VERSIONS
    """
}
