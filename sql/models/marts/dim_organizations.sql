{{
    config(
        indexes=[{'columns': ['organization_id'], 'unique': true}]
    )
}}

with

organizations as (

    select * from {{ ref('int_organizations_joined_invoices_enriched') }}

)

select * from organizations
